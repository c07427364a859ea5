package screening_test

import (
	"math/rand/v2"
	"strings"
)

// unrelated makes n names of companies that nobody listed, always the same for a seed: of made-up stems, of places and of
// the words that companies like the listed ones have in their names as well, with legal forms of many countries.
func unrelated(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	names := make([]string, n)
	for i := range names {
		switch i % 10 {
		case 0, 1:
			names[i] = pick(r, hanPlaces) + pick(r, hanStems) + pick(r, hanStems) + pick(r, hanTrades) + pick(r, hanForms)
		case 2:
			names[i] = stem(r) + " " + pick(r, japaneseTrades) + pick(r, []string{" Co., Ltd.", " Corporation", " K.K."})
		case 3:
			names[i] = stem(r) + " " + pick(r, germanTrades) + pick(r, []string{" GmbH", " AG", " GmbH & Co. KG"})
		case 4:
			names[i] = pick(r, places) + " " + pick(r, trades) + " " + pick(r, trades) + pick(r, forms)
		case 5:
			names[i] = stem(r) + pick(r, forms)
		default:
			names[i] = stem(r) + " " + pick(r, trades) + pick(r, forms)
		}
	}
	return names
}

// stem makes a word that could be a family or a brand name.
func stem(r *rand.Rand) string {
	var made strings.Builder
	for range 2 + r.IntN(2) {
		made.WriteString(pick(r, onsets))
		made.WriteString(pick(r, nuclei))
	}
	made.WriteString(pick(r, codas))
	word := made.String()
	return strings.ToUpper(word[:1]) + word[1:]
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

var (
	onsets = strings.Fields("b br c ch d dr f fl g gr h k kl l m n p pr r s sh st t tr v w z")
	nuclei = strings.Fields("a e i o u ai ea ei ou ia")
	codas  = strings.Fields("n r s t x m ck nd rt lis vex tron dyne tec son berg man field ford ley")
	places = strings.Fields("Pacific Atlantic Nordic Baltic Alpine Rhine Danube Tokyo Osaka Taipei Texas Nevada Ohio Boston Denver " +
		"Seattle Georgia Summit Highland Coastal Northern Southern Western Eastern National American European General United")
	trades = strings.Fields("Systems Technologies Aerospace Defense Dynamics Engineering Industries Electronics Robotics Materials Photonics " +
		"Solutions Logistics Holdings Group Marine Shipbuilding Motors Components Semiconductors Magnets Drones Labs Research " +
		"International Precision Networks Software Energy Optics Medical Analytics Communications Aviation Space")
	japaneseTrades = strings.Fields("Denki Seimitsu Kogyo Seisakusho Jidosha Kikai Electric Heavy Materials Aerospace Chemical Motors Machinery")
	germanTrades   = strings.Fields("Maschinenbau Elektronik Antriebstechnik Magnettechnik Werkstoffe Automotive Systeme Handelsgesellschaft Optik")
	forms          = []string{" Inc.", ", Inc.", " LLC", " Ltd.", " Corporation", " Corp.", " Co., Ltd.", " S.p.A.", " B.V.", " plc", " AB", " s.r.o.", ""}
	hanPlaces      = strings.Fields("宁波 深圳 上海 苏州 杭州 青岛 天津 广州 包头 赣州 厦门 无锡 东莞 成都")
	hanStems       = strings.Fields("华 鑫 恒 泰 瑞 永 盛 嘉 宏 凯 德 信 达 隆 顺 昌 荣 辉 远 博")
	hanTrades      = strings.Fields("磁业 科技 电机 新材料 贸易 电子 机械 精密制造 进出口 航空科技 稀土材料 自动化设备")
	hanForms       = strings.Fields("有限公司 股份有限公司 有限责任公司 公司")
)
