-- A first catalogue, to be edited by each city, and words that common sources use for it.
INSERT INTO categories (code, name, name_zh) VALUES
  ('assault', 'Assault', '人身伤害'), ('burglary', 'Burglary', '入室盗窃'),
  ('damage', 'Damage to property', '毁坏财物'), ('disorder', 'Disorder', '扰乱秩序'),
  ('dispute', 'Dispute', '矛盾纠纷'), ('drugs', 'Drug offence', '涉毒案件'),
  ('fire', 'Fire', '火灾'), ('fraud', 'Fraud', '诈骗'), ('hazard', 'Hazard', '安全隐患'),
  ('lost_found', 'Lost or found', '走失寻物'), ('noise', 'Noise', '噪声扰民'),
  ('other', 'Other', '其他'), ('parking', 'Obstructive parking', '违规停车'),
  ('robbery', 'Robbery', '抢劫'), ('theft', 'Theft', '盗窃'),
  ('traffic', 'Traffic accident', '交通事故'), ('trespass', 'Trespass', '非法侵入'),
  ('vehicle_theft', 'Vehicle theft', '盗窃车辆'), ('waste', 'Dumped waste', '乱倒垃圾'),
  ('weapon', 'Weapon offence', '涉枪涉械');

INSERT INTO category_words (source, word, category_id)
SELECT '', lower(word), id
FROM categories, LATERAL (VALUES (name), (name_zh), (replace(code, '_', ' '))) AS w (word)
ON CONFLICT DO NOTHING;

INSERT INTO category_words (source, word, category_id)
SELECT '', word, id
FROM (VALUES
  ('motor vehicle theft', 'vehicle_theft'), ('car theft', 'vehicle_theft'),
  ('盗窃机动车', 'vehicle_theft'), ('盗窃电动车', 'vehicle_theft'), ('battery', 'assault'),
  ('故意伤害', 'assault'), ('打架斗殴', 'assault'), ('打架', 'assault'),
  ('residential burglary', 'burglary'), ('入室盗窃案', 'burglary'), ('criminal damage', 'damage'),
  ('故意毁坏财物', 'damage'), ('public peace violation', 'disorder'), ('寻衅滋事', 'disorder'),
  ('纠纷', 'dispute'), ('邻里纠纷', 'dispute'), ('narcotics', 'drugs'),
  ('deceptive practice', 'fraud'), ('电信诈骗', 'fraud'), ('电信网络诈骗', 'fraud'),
  ('personal robbery', 'robbery'), ('抢夺', 'robbery'), ('larceny', 'theft'), ('扒窃', 'theft'),
  ('盗窃案', 'theft'), ('arson', 'fire'), ('火警', 'fire'), ('路面隐患', 'hazard'),
  ('噪音扰民', 'noise'), ('噪音', 'noise'), ('违停', 'parking'), ('乱停车', 'parking'),
  ('交通事故案', 'traffic'), ('road accident', 'traffic'), ('criminal trespass', 'trespass'),
  ('垃圾', 'waste'), ('weapons violation', 'weapon'), ('other offense', 'other'),
  ('走失', 'lost_found')
) AS w (word, code) JOIN categories USING (code)
ON CONFLICT DO NOTHING;
