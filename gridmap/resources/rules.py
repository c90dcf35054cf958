"""The words that files use for kinds and states of resources, as `headers.fold` writes them."""

KINDS = {
    "camera": "camera", "cctv": "camera", "摄像头": "camera", "监控": "camera",
    "policebox": "police_box", "policepost": "police_box", "警务室": "police_box",
    "岗亭": "police_box", "警务站": "police_box",
    "streetlight": "street_light", "lamp": "street_light", "路灯": "street_light",
    "firepoint": "fire_point", "hydrant": "fire_point", "消防点": "fire_point",
    "微型消防站": "fire_point", "消火栓": "fire_point",
    "aed": "aed", "defibrillator": "aed", "除颤仪": "aed",
    "shelter": "shelter", "避难场所": "shelter", "应急避难场所": "shelter",
    "volunteerpost": "volunteer_post", "志愿者岗": "volunteer_post",
    "志愿服务站": "volunteer_post", "志愿服务点": "volunteer_post",
}  # fmt: skip

STATES = {
    "inservice": "in_service", "ok": "in_service", "working": "in_service", "active": "in_service",
    "正常": "in_service", "在用": "in_service",
    "outoforder": "out_of_order", "broken": "out_of_order", "fault": "out_of_order",
    "停用": "out_of_order", "故障": "out_of_order", "损坏": "out_of_order",
}  # fmt: skip
