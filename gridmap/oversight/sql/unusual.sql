-- Looks at people, by account and day of the city's clock; each line fits one rule at least.
WITH looks AS (
  SELECT account_id, actor, (at AT TIME ZONE :zone)::date AS day,
         extract(hour FROM at AT TIME ZONE :zone) AS hour, action, subject_id, outcome,
         grid_code, scope, detail
  FROM audit_events
  WHERE at >= :start AND at < :end AND account_id IS NOT NULL
    AND (subject_type = ANY (:persons) OR outcome = 'refused')
), days AS (
  SELECT account_id, actor, day,
    count(DISTINCT subject_id) FILTER (WHERE outcome <> 'refused' AND action <> ALL (:lists)) AS opened,
    coalesce(sum((detail ->> 'rows')::bigint) FILTER (WHERE action = ANY (:lists)), 0)::bigint AS listed,
    count(*) FILTER (WHERE outcome <> 'refused' AND (hour >= :late OR hour < :early)) AS at_night,
    count(*) FILTER (
      WHERE outcome = 'refused' AND grid_code <> '' AND NOT grid_code ^@ ANY (scope)) AS refused,
    count(DISTINCT left(grid_code, greatest(length(grid_code) - 3, 0))) FILTER (
      WHERE outcome <> 'refused' AND grid_code <> '' AND action <> ALL (:lists)) AS communities
  FROM looks GROUP BY account_id, actor, day
)
SELECT *, opened > :opened OR listed > :listed AS many, at_night > 0 AS night,
       refused > 0 OR communities > :communities AS outside
FROM days
WHERE opened > :opened OR listed > :listed OR at_night > 0 OR refused > 0 OR communities > :communities
ORDER BY day DESC, opened + refused DESC, actor
LIMIT :most
