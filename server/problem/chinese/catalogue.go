package chinese

// entry is one text. The Chinese format takes what the English one has put in, as texts: %s in the same order, or %[2]s
// out of it.
type entry struct{ english, chinese string }

func catalogue() []entry {
	var all []entry
	for _, part := range [][]entry{requests(), documents(), schemas(), callers(), recorded(), evaluated(), bundles(), shadows(), listed()} {
		all = append(all, part...)
	}
	return all
}

// requests are about how something was asked.
func requests() []entry {
	return []entry{
		{"The service failed. Nothing was decided; the operator finds the reason in the log.", "服务出错，未作出任何判定；运维人员可在日志中查到原因。"},
		{"There is nothing at %q.", "%s 处没有内容。"},
		{"Metrics have a listener of their own, which only this machine may reach: metrics.listen.", "指标由单独的监听地址提供，仅限本机访问：metrics.listen。"},
		{"%q is not allowed at %q; allowed: %s.", "%[2]s 处不允许 %[1]s；允许的方法：%[3]s。"},
		{"You ask more often than you may; %s says when to ask again.", "请求过于频繁；%s 注明何时可再次请求。"},
		{"Idempotency-Key is stated more than once; state it once.", "Idempotency-Key 出现多次；请只写一次。"},
		{"Idempotency-Key has to be 1 to %d visible characters without quotes, spaces and backslashes, such as a UUID.", "Idempotency-Key 须为 1 至 %s 个可见字符，不含引号、空格和反斜杠，例如 UUID。"},
		{"The body is declared as %q; send application/json.", "正文声明为 %s；请以 application/json 发送。"},
		{"The body is declared as JSON in %q; send UTF-8.", "正文声明为 %s 编码的 JSON；请以 UTF-8 发送。"},
		{"The body is encoded as %q; send it plain or as gzip.", "正文的内容编码为 %s；请不压缩或以 gzip 发送。"},
		{"The body is declared as gzip and is none; send it plain, or compress it again.", "正文声明为 gzip 但并非如此；请不压缩发送，或重新压缩。"},
		{"The gzip of the body breaks off before its end; send it whole.", "正文的 gzip 在结束前中断；请完整发送。"},
		{"The body is longer than %d bytes; split the application.", "正文超过 %s 字节；请拆分申请。"},
		{"The body did not arrive in time; send it again.", "正文未及时到达；请重新发送。"},
		{"The body did not arrive whole; send it again.", "正文未完整到达；请重新发送。"},
		{"The query of the URL is not percent-encoded as it should be.", "URL 查询部分的百分号编码有误。"},
		{"The query of the URL is not UTF-8.", "URL 查询部分不是 UTF-8。"},
		{"The query of the URL is not understood.", "无法理解 URL 的查询部分。"},
		{"is stated %d times; state it once", "出现了 %s 次；请只写一次"},
		{"is empty; give it a value or leave it out", "为空；请给出值或省略"},
		{"is no parameter of this route", "不是该路径的参数"},
		{"is no parameter of this route; did you mean %q?", "不是该路径的参数；是否指 %s？"},
		{"is no parameter of this route; known: %s", "不是该路径的参数；已知参数：%s"},
		{"is not for a decision, which is always as of now; ask POST /v1/dry-runs?as_of=… about another day", "不适用于判定：判定总以当前时刻为准；如需询问其他日期，请用 POST /v1/dry-runs?as_of=…"},
		{"%q is neither a day nor an instant; write 2026-11-23 (from its first moment in Beijing) or 2026-11-23T09:00:00+08:00.", "%s 既不是日期也不是时刻；请写 2026-11-23（自北京时间当日零时起）或 2026-11-23T09:00:00+08:00。"},
		{"The year %d cannot be asked about; choose one from %d to %d.", "不能询问 %s 年；请选择 %s 至 %s 年。"},
		{"The body is declared as %q; send a JSON array as application/json, or an application a line as %s.", "正文声明为 %s；请以 application/json 发送 JSON 数组，或以 %s 每行发送一份申请。"},
		{"The body is empty; send a JSON array of applications.", "正文为空；请发送由申请组成的 JSON 数组。"},
		{"The body is not an array; send a JSON array of applications.", "正文不是数组；请发送由申请组成的 JSON 数组。"},
		{"Something follows the end of the array; send one JSON array only.", "数组结束后还有内容；请只发送一个 JSON 数组。"},
		{"The array breaks off at byte %d; this item and whatever was to follow was not read.", "数组在第 %s 字节处中断；此项及其后内容均未读取。"},
		{"The array is not JSON from byte %d on; this item and whatever follows was not read.", "自第 %s 字节起数组不是 JSON；此项及其后内容均未读取。"},
		{"The application is longer than %d bytes; split it.", "申请超过 %s 字节；请拆分。"},
		{"A batch has at most %d applications; this one and whatever follows was not read. Send them in another batch.", "每批最多 %s 份申请；此份及其后内容均未读取。请另批发送。"},
		{"The batch is longer than %d bytes; this item and whatever follows was not read. Send them in another batch.", "该批超过 %s 字节；此项及其后内容均未读取。请另批发送。"},
		{"The batch was called off; this application and whatever follows was not read.", "该批已中止；此申请及其后内容均未读取。"},
		{"The batch was called off; nothing was decided.", "该批已中止；未作出任何判定。"},
		{"The batch was called off; this application and whatever follows was not decided.", "该批已中止；此申请及其后内容均未判定。"},
	}
}

// documents are about bodies as JSON.
func documents() []entry {
	return []entry{
		{"The document is empty; send one JSON object.", "文档为空；请发送一个 JSON 对象。"},
		{"The document starts with a byte-order mark; send plain UTF-8.", "文档以字节顺序标记开头；请发送不带标记的 UTF-8。"},
		{"The document is not JSON.", "文档不是 JSON。"},
		{"The document cannot be read as JSON: line %d, column %d: %s.", "文档无法作为 JSON 读取：第 %s 行第 %s 列：%s。"},
		{"this is not UTF-8; save the document as UTF-8", "此处不是 UTF-8；请将文档存为 UTF-8"},
		{"something follows the end of the document; send one JSON object only", "文档结束后还有内容；请只发送一个 JSON 对象"},
		{"the document has more than %d values; split the application", "文档的值超过 %s 个；请拆分申请"},
		{"objects and lists stand more than %d deep in one another", "对象与列表的嵌套超过 %s 层"},
		{"a field name here is %d bytes long; the longest allowed is %d", "此处字段名长 %s 字节；最长允许 %s 字节"},
		{"the field %q is stated twice; keep one", "字段 %s 出现两次；请保留一个"},
		{"the number %s is out of bounds; write at most %d characters and an exponent between -%d and %d", "数 %s 超出范围；最多写 %s 个字符，指数在 -%s 与 %s 之间"},
		{"the document ends too early; a bracket, brace or quote is still open", "文档过早结束；仍有括号或引号未闭合"},
		{"a comma stands here before the closing bracket or brace; remove it", "右括号前多一个逗号；请删除"},
		{"invalid character %s at start of value", "值的开头有无效字符 %s"},
		{"invalid character %s within string (expecting non-control character)", "文本中有无效字符 %s（不得为控制字符）"},
		{"invalid character %s (expecting %s)", "无效字符 %s（应为 %s）"},
		{"invalid character %s after %s (expecting %s)", "%[2]s 之后有无效字符 %[1]s（应为 %[3]s）"},
		{"invalid character %s in %s (expecting %s)", "%[2]s 中有无效字符 %[1]s（应为 %[3]s）"},
		{"invalid character %s at start of string (expecting %s)", "文本开头有无效字符 %s（应为 %s）"},
		{"missing character %s after %s", "%[2]s 之后缺少字符 %[1]s"},
		{"invalid escape sequence %s in string", "文本中有无效的转义 %s"},
		{"invalid surrogate pair %s in string", "文本中有无效的代理对 %s"},
		{"missing value after object name", "字段名之后缺少值"},
		{"mismatching structural token for object or array", "对象或列表的括号不匹配"},
		{"duplicate object member name", "字段名重复"},
		{"exceeded max depth", "嵌套过深"},
		{"invalid UTF-8", "无效的 UTF-8"},
		{"object member name must be a string", "对象的字段名须为文本"},
		{"the application needs an id, as text", "申请须有 id，且为文本"},
		{"line %s is already the number of item %d, counted from 0; give each item its own", "行号 %s 已用于第 %s 项（从 0 数起）；请为每项另编行号"},
		{"The %s is longer than %d bytes; split it.", "%s超过 %s 字节；请拆分。"},
		{"The %s has %d faults; all are listed.", "%s有 %s 处错误，已全部列出。"},
		{"The %s has one fault.", "%s有一处错误。"},
		{"The %s has %d faults; the first %d are listed.", "%s有 %s 处错误，列出前 %s 处。"},
		{"application", "申请"},
		{"party", "主体"},
	}
}

// schemas are about a value that is not what the contract wants there.
func schemas() []entry {
	return []entry{
		{"%s or %s", "%s或%s"},
		{"true or false", "true 或 false"},
		{"null", "null"},
		{"text", "文本"},
		{"a number", "数"},
		{"a whole number", "整数"},
		{"a list", "列表"},
		{"an object", "对象"},
		{"fits more than one of the forms that exclude each other%s; keep one", "同时符合互斥的多种形式%s；请只保留一种"},
		{"fits none of the allowed forms%s", "不符合任何允许的形式%s"},
		{"needs at least one of these fields: %s", "至少需要以下字段之一：%s"},
		{"the field %q is required and not stated", "缺少必填字段 %s"},
		{"the field %q is required and not stated: %s", "缺少必填字段 %s：%s"},
		{"the field %q is required, because %q is stated", "因写明了 %[2]s，字段 %[1]s 为必填"},
		{"the field %q is required, because %q is stated: %s", "因写明了 %[2]s，字段 %[1]s 为必填：%[3]s"},
		{"the field %q %s", "字段 %s：%s"},
		{"is not allowed here; leave it out", "此处不允许；请省略"},
		{"there is no field %q here", "此处没有字段 %s"},
		{"there is no field %q here; did you mean %q?", "此处没有字段 %s；是否指 %s？"},
		{"there is no field %q here; the fields are %s", "此处没有字段 %s；可用字段：%s"},
		{"is %s, but must be %s", "为%s，但须为%s"},
		{"is %s, but must be %s; if it is not known, leave the field out", "为%s，但须为%s；如未知，请省略该字段"},
		{"is %s, but must be %s; write it without quotes", "为%s，但须为%s；请去掉引号"},
		{"is %s, but must be %s; write it in quotes", "为%s，但须为%s；请加引号"},
		{"%q does not have the expected form%s", "%s 不符合要求的形式%s"},
		{"%q does not have the expected form, the pattern %s", "%s 不符合要求的模式 %s"},
		{"needs at least one entry of this kind: %s", "至少需要一项：%s"},
		{"has %d entries of this kind, but at most %d may be: %s", "此类项有 %s 个，最多 %s 个：%s"},
		{"the required form", "要求的形式"},
		{"%s is not one of %s", "%s 不在下列之中：%s"},
		{"%s is not one of %s; did you mean %q?", "%s 不在下列之中：%s；是否指 %s？"},
		{"%s is not one of the %d values allowed here%s", "%s 不是此处允许的 %s 个值之一%s"},
		{"%s is not one of the %d values allowed here%s; did you mean %q?", "%s 不是此处允许的 %s 个值之一%s；是否指 %s？"},
		{"is not allowed", "不允许"},
		{"is not allowed: %s", "不允许：%s"},
		{"%s is not allowed here", "此处不允许 %s"},
		{"%s is not allowed here: %s", "此处不允许 %s：%s"},
		{"the fields %s exclude each other; keep one", "字段 %s 互斥；请只保留一个"},
		{"%s is not a date; write YYYY-MM-DD, a day that exists", "%s 不是日期；请写成 YYYY-MM-DD 且确有其日"},
		{"%s is not an instant; write RFC 3339 with the offset, such as 2026-11-23T09:00:00+08:00", "%s 不是时刻；请按 RFC 3339 写明时差，例如 2026-11-23T09:00:00+08:00"},
		{"%s is not a valid %s", "%s 不是有效的 %s"},
		{"has %d entries, but needs at least %d", "有 %s 项，至少需要 %s 项"},
		{"has %d entries, but at most %d are allowed", "有 %s 项，最多允许 %s 项"},
		{"has %d fields, but needs at least %d", "有 %s 个字段，至少需要 %s 个"},
		{"has %d fields, but at most %d are allowed", "有 %s 个字段，最多允许 %s 个"},
		{"is empty; state it, or leave the field out if that is allowed", "为空；请写明，或在允许时省略该字段"},
		{"is %d characters long, but needs at least %d", "长 %s 个字符，至少需要 %s 个"},
		{"is %d characters long, but at most %d are allowed", "长 %s 个字符，最多允许 %s 个"},
		{"is %s, but must be at least %s", "为 %s，但不得小于 %s"},
		{"is %s, but must be at most %s", "为 %s，但不得大于 %s"},
		{"is %s, but must be more than %s", "为 %s，但须大于 %s"},
		{"is %s, but must be less than %s", "为 %s，但须小于 %s"},
		{"is %s, but must be a multiple of %s", "为 %s，但须为 %s 的倍数"},
		{"entries %d and %d are the same; state each once", "第 %s 项与第 %s 项相同；每项只写一次"},
	}
}
