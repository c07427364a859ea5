package sheet

// The words that stand for those of the contract. They are exact: what is not here is told by the reader of applications.

func formWords() map[string][]string {
	return map[string][]string{
		"metal": {"金属"}, "alloy": {"合金"}, "target": {"靶材", "靶"}, "magnet": {"磁体", "磁铁", "磁材", "永磁体"}, "oxide": {"氧化物"},
		"compound": {"化合物"}, "mixture": {"混合物"}, "ore": {"矿石", "矿"}, "equipment": {"设备"}, "technology": {"技术"},
		"assembly": {"组件", "部件"}, "other": {"其他"},
	}
}

func unitWords() map[string][]string {
	return map[string][]string{
		"KGM": {"kg", "kgs", "千克", "公斤"}, "GRM": {"g", "克"}, "TNE": {"t", "吨", "公吨"},
		"H87": {"pc", "pcs", "piece", "pieces", "件", "个", "只", "片"},
	}
}

func businessWords() map[string][]string {
	return map[string][]string{
		"manufacturer": {"制造商", "生产商"}, "trader": {"贸易商"}, "forwarder": {"货代"}, "bank": {"银行"}, "research": {"科研"},
		"government": {"政府"}, "military": {"军方"},
	}
}

func sectorWords() map[string][]string {
	return map[string][]string{
		"new_energy_vehicles": {"新能源汽车"}, "robotics": {"机器人"}, "wind_power": {"风电", "风力发电"}, "consumer_electronics": {"消费电子"},
		"medical_devices": {"医疗器械"}, "industrial_motors": {"工业电机"}, "aerospace_civil": {"民用航空"}, "semiconductors": {"半导体"},
		"research": {"科研"}, "defence": {"国防", "军工"}, "other": {"其他"},
	}
}

func documentWords() map[string][]string {
	return map[string][]string{
		"application_form": {"申请表"}, "identity": {"身份证明"}, "contract": {"合同"}, "technical_description": {"技术说明"},
		"test_report": {"检测报告"}, "end_user_certificate": {"最终用户证明", "最终用户和最终用途证明"}, "government_certificate": {"政府证明"},
		"party_introduction": {"情况介绍"}, "icp_statement": {"内部合规制度运行情况说明"}, "past_use_statement": {"以往许可证使用情况说明"},
		"channels_statement": {"销售渠道和最终用户情况说明"}, "risk_assessment": {"风险评估报告"}, "compliance_undertaking": {"合规承诺书"},
	}
}
