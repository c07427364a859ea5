package sheet

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"greenchannel/server/decision"
)

// scope says what a column speaks of.
type scope int

const (
	ofRow         scope = iota // told again beside the decision, and not part of the application
	ofItem                     // one item of an application
	ofApplication              // the whole application; it may be repeated in each of its rows
)

// column is one column that can be read.
type column struct {
	name, zh string
	also     []string
	scope    scope
	// pointer is the place in the application or in the item. Parties stand under their role: /parties/end_user/name.
	pointer string
	read    reading
	meaning decision.Text
	example string
}

// The columns that are no fields of an application.
const (
	applicationColumn = "application_id"
	lineColumn        = "line"
	referenceColumn   = "reference"
)

// columns lists every column that can be read, in the order of the template.
func columns() []column {
	return slices.Concat(itemColumns(), orderColumns())
}

func itemColumns() []column {
	text := func(en, zh string) decision.Text { return decision.Text{EN: en, ZH: zh} }
	return []column{
		{applicationColumn, "申请编号", []string{"application", "order", "order_no", "order_number", "申请", "申请号", "订单号", "订单编号"}, ofRow, "/id", asWritten,
			text("Your reference of the application; rows that share it are the lines of one", "申请人自编号；同一编号的各行为同一申请的物项"), "SO-2026-0001"},
		{lineColumn, "行号", []string{"line_no", "pos", "position", "序号", "项号"}, ofItem, "/line", number,
			text("Number of the line, unique within the application; counted if left out", "行号，同一申请内不得重复；未填则自动编号"), "1"},
		{referenceColumn, "货号", []string{"sku", "article", "article_no", "part_number", "物料号", "料号", "产品编号"}, ofRow, "", asWritten,
			text("Your article number; told again beside the decision", "货号，结果中照录"), "M-42SH"},
		{"description", "品名", []string{"goods", "product_description", "item", "货物名称", "商品名称", "货物描述", "物项名称", "名称"}, ofItem, "/description", asWritten,
			text("Goods in words", "货物名称及规格"), "Sintered NdFeB magnets 42SH"},
		{"hs_code", "商品编码", []string{"hs", "hscode", "hs_no", "customs_code", "commodity_code", "tariff_code", "海关编码", "海关商品编码", "hs编码", "税号", "税则号列"}, ofItem, "/hs_code", hsCode,
			text("Chinese commodity code, 8 or 10 digits, as text", "海关商品编码，8位或10位数字，单元格须为文本格式"), "8505111000"},
		{"control_code", "管制编码", []string{"eccn", "control_no", "出口管制编码", "两用物项编码"}, ofItem, "/control_code", asWritten,
			text("Control code of the dual-use list, or none", "两用物项出口管制编码；未列管填none"), "1C905.a.4"},
		{"form", "形态", []string{"shape", "物项形态"}, ofItem, "/form", wordOf(formWords()),
			text("metal, alloy, target, magnet, oxide, compound, mixture, ore, equipment, technology, assembly, other", "金属、合金、靶材、磁体、氧化物、化合物、混合物、矿石、设备、技术、组件、其他"), "magnet"},
		{"composition", "成分", []string{"elements", "content", "含量", "成份"}, ofItem, "/composition", composition,
			text("Elements with percent by weight", "各元素质量分数（%）"), "Nd 29; Dy 1.9; Fe 68; B 1.1"},
		{"assay", "检测程度", []string{"analysis", "成分检测", "检测"}, ofItem, "/assay", wordOf(map[string][]string{"complete": {"full", "完整", "全部"}, "partial": {"部分"}, "none": {"无", "未检测"}}),
			text("How far the composition is measured: complete, partial or none", "成分检测程度：完整、部分、无"), "complete"},
		{"quantity", "数量", []string{"qty"}, ofItem, "/quantity/value", number, text("Quantity, a number", "数量，仅填数字"), "1200"},
		{"unit", "单位", []string{"uom", "计量单位"}, ofItem, "/quantity/unit", wordOf(unitWords()), text("KGM (kg), GRM (g), TNE (t), H87 (pieces)", "千克、克、吨、件"), "KGM"},
		{"value", "金额", []string{"amount", "总价", "货值"}, ofItem, "/value/amount", number, text("Value of the line, a number", "本行货值，仅填数字"), "96000"},
		{"currency", "币种", []string{"币制"}, ofItem, "/value/currency", asWritten, text("Currency, ISO 4217", "币种代码（ISO 4217）"), "EUR"},
		{"origin", "原产国", []string{"country_of_origin", "原产地"}, ofItem, "/origin", countries(), text("Country of origin", "原产国（地区）"), "CN"},
	}
}

func orderColumns() []column {
	text := func(en, zh string) decision.Text { return decision.Text{EN: en, ZH: zh} }
	land := countries()
	return []column{
		{"kind", "许可类型", []string{"application_kind", "申请类型"}, ofApplication, "/kind", wordOf(map[string][]string{
			"single": {"单项", "单项许可"}, "general": {"通用", "通用许可"}, "registration": {"登记", "登记填报"}, "special": {"特殊情况申请"}, "consultation": {"咨询"}}),
			text("single, general, registration, special or consultation", "单项、通用、登记、特殊情况申请、咨询"), "single"},
		{"filed_on", "申请日期", []string{"filed", "order_date", "申请日"}, ofApplication, "/filed_on", day, text("Day of filing", "申请日期"), "2026-06-01"},
		{"accepted_on", "受理日期", []string{"accepted", "受理日"}, ofApplication, "/accepted_on", day, text("Day of acceptance", "受理日期"), "2026-06-01"},
		{"exporter", "出口经营者", []string{"exporter_name", "seller", "出口商", "出口经营者名称"}, ofApplication, "/exporter/name", asWritten,
			text("Registered name of the exporter", "出口经营者名称"), "Ningbo Beilun Magnet Technology Co., Ltd."},
		{"exporter_local", "出口经营者中文名称", []string{"exporter_name_local"}, ofApplication, "/exporter/name_local", asWritten, text("Its name in Chinese", "出口经营者中文名称"), "宁波北仑磁材科技有限公司"},
		{"exporter_uscc", "统一社会信用代码", []string{"uscc"}, ofApplication, "/exporter/uscc", asWritten, text("Unified social credit code", "统一社会信用代码"), ""},
		{"end_user", "最终用户", []string{"end_user_name", "enduser", "最终用户名称"}, ofApplication, "/parties/end_user/name", asWritten, text("Who receives and uses the goods", "最终用户名称"), "Schwarzwald Antriebe GmbH"},
		{"end_user_country", "最终用户国家", []string{"最终用户所在国", "最终用户国别"}, ofApplication, "/parties/end_user/country", land, text("Country of the end user", "最终用户所在国（地区）"), "DE"},
		{"end_user_address", "最终用户地址", nil, ofApplication, "/parties/end_user/address", asWritten, text("Address of the end user", "最终用户地址"), "Industriestrasse 12, 77652 Offenburg"},
		{"end_user_business", "最终用户业务", nil, ofApplication, "/parties/end_user/business", wordOf(businessWords()), text("manufacturer, trader, forwarder, bank, research, government, military", "制造商、贸易商、货代、银行、科研、政府、军方"), "manufacturer"},
		{"importer", "进口商", []string{"importer_name", "buyer"}, ofApplication, "/parties/importer/name", asWritten, text("Importer", "进口商名称"), "Schwarzwald Antriebe GmbH"},
		{"importer_country", "进口商国家", []string{"进口商所在国"}, ofApplication, "/parties/importer/country", land, text("Country of the importer", "进口商所在国（地区）"), "DE"},
		{"destination", "目的地", []string{"country", "destination_country", "目的国", "最终目的国", "国家", "运抵国"}, ofApplication, "/destination", land, text("Country of final destination", "最终目的国（地区）"), "DE"},
		{"transit", "过境国", []string{"transit_countries", "途经国"}, ofApplication, "/transit", listOf(land, func(v any) any { return v }), text("Countries passed through, separated by semicolons, or none", "途经国家（地区），以分号分隔；没有则填无"), "none"},
		{"end_use", "最终用途", []string{"use", "end_use_statement", "用途"}, ofApplication, "/end_use/statement", asWritten, text("End use in words", "最终用途说明"), "Rotor magnets for traction motors of passenger cars"},
		{"sector", "用途领域", []string{"end_use_sector", "行业"}, ofApplication, "/end_use/sector", wordOf(sectorWords()), text("Sector, such as new_energy_vehicles", "用途领域，如新能源汽车"), "new_energy_vehicles"},
		{"product", "最终产品", []string{"end_product"}, ofApplication, "/end_use/product", asWritten, text("Product into which the goods go", "所用于的最终产品"), "traction motor"},
		{"military", "军事用途", []string{"military_use", "军用"}, ofApplication, "/end_use/military", yesOrNo, text("Whether the end use is military: yes or no", "是否军事用途：是、否"), "no"},
		{"wmd", "大规模杀伤性武器用途", nil, ofApplication, "/end_use/wmd", yesOrNo, text("Whether it serves weapons of mass destruction: yes or no", "是否用于大规模杀伤性武器：是、否"), "no"},
		{"terrorism", "恐怖主义用途", nil, ofApplication, "/end_use/terrorism", yesOrNo, text("Whether it serves terrorism: yes or no", "是否用于恐怖主义：是、否"), "no"},
		{"regime", "贸易方式", []string{"customs_regime", "监管方式"}, ofApplication, "/regime", wordOf(map[string][]string{"general_trade": {"一般贸易"}, "processing": {"加工贸易"}, "gift": {"赠送", "捐赠"}, "transit": {"过境"}}), text("Customs regime, such as general_trade", "监管方式，如一般贸易"), "general_trade"},
		{"contract_number", "合同号", []string{"contract", "contract_no", "合同编号"}, ofApplication, "/contract/number", asWritten, text("Contract number", "合同号"), "SA-2026-0457"},
		{"documents", "随附材料", []string{"papers", "材料", "附件"}, ofApplication, "/documents", listOf(wordOf(documentWords()), func(v any) any { return map[string]any{"type": v} }),
			text("Papers that are filed, separated by semicolons, such as contract; test_report", "已备材料，以分号分隔，如合同；检测报告"), "application_form; identity; contract"},
	}
}

// names finds columns by their names, folded.
type names map[string]column

func newNames() names {
	all := names{}
	for _, c := range columns() {
		for _, name := range append([]string{c.name, c.zh}, c.also...) {
			all[foldedHead(name)] = c
		}
	}
	return all
}

// find finds a column by what stands in the head: in English or Chinese, or in both with a slash or a line between.
func (n names) find(head string) (column, bool) {
	if c, ok := n[foldedHead(head)]; ok {
		return c, true
	}
	parts := strings.FieldsFunc(head, func(r rune) bool { return r == '/' || r == '\n' || r == '／' })
	var found column
	for _, part := range parts {
		c, ok := n[foldedHead(part)]
		if !ok || found.name != "" && found.name != c.name {
			return column{}, false
		}
		found = c
	}
	return found, found.name != ""
}

// nearest names the column that a head probably means.
func (n names) nearest(head string) (column, bool) {
	near, ok := decision.Nearest(foldedHead(head), slices.Sorted(maps.Keys(n)))
	return n[near], ok
}

// foldedHead makes equal what people write alike.
func foldedHead(head string) string {
	folded := strings.ToLower(trimmed(norm.NFKC.String(head)))
	folded = strings.Trim(folded, "*: ")
	return strings.Join(strings.FieldsFunc(folded, func(r rune) bool { return strings.ContainsRune(" _-.\n\t", r) }), "_")
}
