package main

import "greenchannel/server/decision"

// wording is what a sheet says by itself, in both languages.
type wording struct {
	title, dryRun, application, exporter, endUser, destination, asOf, bundle, revision, beijing    decision.Text
	outcome, timeLimit, noClock, stuckClock, runningClock, validUntil, windowTurns, noWindow       decision.Text
	lines, entryLine, aside, and, comma, semicolon, missing, reasons, noFinding, basis, at, remedy decision.Text
	ladder, eligible, notEligible, speedOnly, obligations, notAssessed, foot                       decision.Text
}

func phrases() wording {
	return wording{
		title:       decision.Text{EN: "DECISION SHEET: DUAL-USE EXPORT LICENCE", ZH: "两用物项出口许可判定单"},
		dryRun:      decision.Text{EN: "dry run, not recorded", ZH: "试判定，未记录"},
		application: decision.Text{EN: "Application", ZH: "申请"},
		exporter:    decision.Text{EN: "Exporter", ZH: "出口经营者"},
		endUser:     decision.Text{EN: "End user", ZH: "最终用户"},
		destination: decision.Text{EN: "Destination", ZH: "目的地"},
		asOf:        decision.Text{EN: "As of", ZH: "判定时点"},
		bundle:      decision.Text{EN: "Policy bundle", ZH: "策略包"},
		revision:    decision.Text{EN: "%s, revision %s", ZH: "%s，修订版 %s"},
		beijing:     decision.Text{EN: "%s (Beijing)", ZH: "%s（北京时间）"},

		outcome:      decision.Text{EN: "OUTCOME", ZH: "结论"},
		timeLimit:    decision.Text{EN: "Time limit", ZH: "法定期限"},
		noClock:      decision.Text{EN: "No statutory time limit runs.", ZH: "法定期限未起算。"},
		stuckClock:   decision.Text{EN: "%s: %d working days from %s; no last day can be said, since the calendar of %d is not in the data.", ZH: "%s：自%[3]s起%[2]d个工作日；缺少%[4]d年工作日历，无法给出届满日。"},
		runningClock: decision.Text{EN: "%s: %d working days from %s; last day %s.", ZH: "%s：自%[3]s起%[2]d个工作日，届满日%[4]s。"},
		validUntil:   decision.Text{EN: "Holds until", ZH: "有效至"},
		windowTurns:  decision.Text{EN: "%s; then a window that was consulted opens or closes: decide again.", ZH: "%s；届时所依据的期间发生变化，应重新判定。"},
		noWindow:     decision.Text{EN: "No window that was consulted is known to open or close later.", ZH: "所依据的期间目前没有已知的变化日期。"},

		lines:     decision.Text{EN: "LINES", ZH: "物项"},
		entryLine: decision.Text{EN: "%s, %s; matched by %s", ZH: "%s，%s；匹配依据：%s"},
		aside:     decision.Text{EN: " (%s)", ZH: "（%s）"},
		and:       decision.Text{EN: ", ", ZH: "、"},
		comma:     decision.Text{EN: ", ", ZH: "，"},
		semicolon: decision.Text{EN: "; ", ZH: "；"},
		missing:   decision.Text{EN: "STILL NEEDED", ZH: "尚缺材料"},
		reasons:   decision.Text{EN: "REASONS, by the review factors of ECL-13 (!!! high, !! medium, ! low)", ZH: "理由：按《出口管制法》第十三条审查因素排列（!!! 高，!! 中，! 低）"},
		noFinding: decision.Text{EN: ": no finding", ZH: "：无发现"},
		basis:     decision.Text{EN: "Basis", ZH: "依据"},
		at:        decision.Text{EN: "%s; at %s", ZH: "%s；涉及 %s"},
		remedy:    decision.Text{EN: "Remedy", ZH: "补救"},

		ladder:      decision.Text{EN: "GREEN CHANNEL ([x] met, [ ] not met)", ZH: "绿色通道（[x] 满足，[ ] 未满足）"},
		eligible:    decision.Text{EN: "Eligible, by the channel %s.", ZH: "符合条件，适用通道：%s。"},
		notEligible: decision.Text{EN: "Not eligible. Not met: %s.", ZH: "不符合条件。未满足：%s。"},
		speedOnly:   decision.Text{EN: "GC-P10 is a boost, not a requirement. The channel changes speed, never a legal test.", ZH: "GC-P10 为加分项，并非必要条件。绿色通道只影响速度，不改变任何法定审查。"},
		obligations: decision.Text{EN: "DUTIES", ZH: "义务"},
		notAssessed: decision.Text{EN: "NOT ASSESSED: silence on these is no clearance", ZH: "未作评估：未提及不等于无问题"},
		foot:        decision.Text{EN: "The service recommends; the authority decides. Evidence: --format json.", ZH: "本系统仅作建议，由主管部门决定。证据见 --format json。"},
	}
}

// factors are the eight review factors of ECL-13, in the order of the law.
func factors() []decision.Text {
	return []decision.Text{
		{EN: "National security and interests", ZH: "国家安全和利益"},
		{EN: "International obligations and commitments", ZH: "国际义务和对外承诺"},
		{EN: "Type of export", ZH: "出口类型"},
		{EN: "Sensitivity of the item", ZH: "管制物项敏感程度"},
		{EN: "Destination", ZH: "出口目的国家或者地区"},
		{EN: "End user and end use", ZH: "最终用户和最终用途"},
		{EN: "Exporter's credit record", ZH: "出口经营者的相关信用记录"},
		{EN: "Other factors set by law", ZH: "法律、行政法规规定的其他因素"},
	}
}

// outcomeWord names an outcome and says in one sentence what it means.
type outcomeWord struct{ name, meaning decision.Text }

func outcomeWords() map[decision.Outcome]outcomeWord {
	return map[decision.Outcome]outcomeWord{
		decision.OutOfScope: {
			decision.Text{EN: "Out of scope", ZH: "不属本系统范围"},
			decision.Text{EN: "Another regime decides: military items, nuclear items, monitored chemicals or missiles.", ZH: "军品、核、监控化学品或导弹物项，由其他制度管理。"},
		},
		decision.NotAccepted: {
			decision.Text{EN: "Not accepted", ZH: "不予受理"},
			decision.Text{EN: "The exporter is inside a period in which no application of his is accepted.", ZH: "出口经营者处于不受理其申请的期间内。"},
		},
		decision.Prohibited: {
			decision.Text{EN: "Prohibited", ZH: "禁止出口"},
			decision.Text{EN: "A ban that leaves no discretion stands against the export.", ZH: "存在无裁量余地的禁止性规定。"},
		},
		decision.SpecialApplication: {
			decision.Text{EN: "Special application", ZH: "特殊情况申请"},
			decision.Text{EN: "A party on the control list is the only bar; the authority may allow it in special circumstances.", ZH: "唯一障碍是管控名单主体，确有需要的可按特殊情况申请。"},
		},
		decision.NoLicenceRequired: {
			decision.Text{EN: "No licence required", ZH: "无需许可"},
			decision.Text{EN: "No line is listed, and nothing else asks for a licence; keep the evidence.", ZH: "各项均不在清单内，亦无其他需要许可的情形；请保存证据。"},
		},
		decision.ClassificationNeeded: {
			decision.Text{EN: "Classification needed", ZH: "需先行归类"},
			decision.Text{EN: "Whether a line is controlled cannot be said from what is stated; complete it or ask the authority.", ZH: "依现有信息无法确定物项是否受管制，请补充或向主管部门咨询。"},
		},
		decision.Incomplete: {
			decision.Text{EN: "Incomplete", ZH: "材料不齐"},
			decision.Text{EN: "Papers or undertakings are missing, inconsistent or expired; the clock has not started.", ZH: "文件或承诺缺失、不一致或过期，期限尚未起算。"},
		},
		decision.ReferForRefusal: {
			decision.Text{EN: "Refer for refusal", ZH: "移送审查（倾向拒绝）"},
			decision.Text{EN: "There are grounds on which a licence is in principle refused; a named person decides.", ZH: "存在原则上不予许可的情形，由指定人员决定。"},
		},
		decision.EnhancedReview: {
			decision.Text{EN: "Enhanced review", ZH: "加强审查"},
			decision.Text{EN: "Something needs a closer look before any decision; no fast route is open.", ZH: "有事项须进一步核查，不适用任何快速通道。"},
		},
		decision.Registration: {
			decision.Text{EN: "Registration", ZH: "登记填报"},
			decision.Text{EN: "The export can be registered instead of licensed, each time before it leaves.", ZH: "可以登记方式办理，每次出口前填报。"},
		},
		decision.GeneralLicence: {
			decision.Text{EN: "General licence", ZH: "通用许可"},
			decision.Text{EN: "The conditions of a general licence hold.", ZH: "符合通用许可的条件。"},
		},
		decision.GreenChannelReview: {
			decision.Text{EN: "Green channel", ZH: "绿色通道"},
			decision.Text{EN: "A licence is needed, and the application may take the fast route.", ZH: "需要许可，可适用绿色通道加快审查。"},
		},
		decision.StandardReview: {
			decision.Text{EN: "Standard review", ZH: "常规审查"},
			decision.Text{EN: "A licence is needed, and the ordinary review applies.", ZH: "需要许可，按常规程序审查。"},
		},
	}
}

// vocabulary names the contract's own words.
func vocabulary() map[string]decision.Text {
	return map[string]decision.Text{
		"single":       {EN: "single licence", ZH: "单项许可"},
		"general":      {EN: "general licence", ZH: "通用许可"},
		"registration": {EN: "registration", ZH: "登记填报"},
		"special":      {EN: "special application", ZH: "特殊情况申请"},
		"consultation": {EN: "consultation", ZH: "咨询"},

		"listed":       {EN: "LISTED", ZH: "列管"},
		"not_listed":   {EN: "NOT LISTED", ZH: "未列管"},
		"unclassified": {EN: "UNCLASSIFIED", ZH: "未归类"},
		"conflict":     {EN: "CONFLICT", ZH: "申报矛盾"},
		"undecided":    {EN: "UNDECIDED", ZH: "未能判定"},

		"in_force":          {EN: "in force", ZH: "生效"},
		"not_yet":           {EN: "not yet in force", ZH: "尚未生效"},
		"suspended":         {EN: "suspended", ZH: "暂停"},
		"lapsed_unverified": {EN: "suspension lapsed, unverified", ZH: "暂停期已届满，状态未核实"},
		"ended":             {EN: "ended", ZH: "已终止"},

		"control_code": {EN: "control code", ZH: "管制编码"},
		"hs_code":      {EN: "HS code", ZH: "商品编码"},
		"composition":  {EN: "composition", ZH: "成分"},
		"form":         {EN: "form", ZH: "形态"},

		"refuse":  {EN: "refuse", ZH: "拒绝"},
		"refer":   {EN: "refer", ZH: "移送"},
		"hold":    {EN: "hold", ZH: "暂缓"},
		"require": {EN: "require", ZH: "要求"},
		"flag":    {EN: "flag", ZH: "提示"},
		"clear":   {EN: "clear", ZH: "通过"},

		"metal":      {EN: "metal", ZH: "金属"},
		"alloy":      {EN: "alloy", ZH: "合金"},
		"target":     {EN: "target", ZH: "靶材"},
		"magnet":     {EN: "magnet", ZH: "磁体"},
		"oxide":      {EN: "oxide", ZH: "氧化物"},
		"compound":   {EN: "compound", ZH: "化合物"},
		"mixture":    {EN: "mixture", ZH: "混合物"},
		"ore":        {EN: "ore", ZH: "矿石"},
		"equipment":  {EN: "equipment", ZH: "设备"},
		"technology": {EN: "technology", ZH: "技术"},
		"assembly":   {EN: "assembly", ZH: "组件"},
		"other":      {EN: "other", ZH: "其他"},

		"application_form":       {EN: "application form", ZH: "申请表"},
		"identity":               {EN: "proof of identity", ZH: "身份证明"},
		"contract":               {EN: "contract", ZH: "合同"},
		"technical_description":  {EN: "technical description", ZH: "技术说明"},
		"test_report":            {EN: "test report", ZH: "检测报告"},
		"end_user_certificate":   {EN: "end-user and end-use certificate", ZH: "最终用户和最终用途证明"},
		"government_certificate": {EN: "certificate of the end user's government", ZH: "最终用户所在国政府出具的证明"},
		"party_introduction":     {EN: "introduction of importer and end user", ZH: "进口商和最终用户情况介绍"},
		"icp_statement":          {EN: "statement on the compliance programme", ZH: "内部合规制度运行情况说明"},
		"past_use_statement":     {EN: "statement on the use of earlier licences", ZH: "以往许可证使用情况说明"},
		"channels_statement":     {EN: "statement on channels and end users", ZH: "销售渠道和最终用户情况说明"},
		"risk_assessment":        {EN: "risk assessment report", ZH: "风险评估报告"},
		"compliance_undertaking": {EN: "compliance undertaking", ZH: "合规承诺书"},
	}
}
