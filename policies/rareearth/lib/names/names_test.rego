package rareearth.lib.names_test

import data.rareearth.lib.names

_same(a, b) if names.fold(a) == names.fold(b)

test_case_is_folded if _same("Rheinmetall AG", "RHEINMETALL ag")

test_punctuation_is_folded if _same("Gibbs&Cox, Inc.", "GIBBS & COX INC")

test_comma_before_the_legal_form_is_folded if _same("Skydio, Inc.", "Skydio Inc.")

test_space_inside_a_name_is_folded if _same("L3 Harris Technologies", "L3Harris Technologies")

test_zero_width_characters_are_dropped if {
	every invisible in ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u3164"] {
		_same(concat("", [invisible, "Source", invisible, "map, Inc."]), "Sourcemap, Inc.")
	}
}

# A word that is broken by one would be no legal form.
test_zero_width_characters_hide_no_legal_form if {
	_same("Skydio, Incor\u200bporated", "Skydio Inc.")
	_same("Skydio, Incorpo\u0301rated", "Skydio Inc.")
}

test_full_width_equals_half_width if {
	_same("ＡＣＳＬ　Ｌｔｄ．", "ACSL Ltd.")
	_same("Ｋ２（Ｊａｐａｎ）", "K2 (Japan)")
	_same("波音防务、空间与安全集团", "波音防务，空间与安全集团")
	_same("洛克希德·马丁公司", "洛克希德・马丁公司")
}

test_legal_forms_are_one_form if {
	_same("Cubic Corporation", "Cubic Corp.")
	_same("Skydio, Incorporated", "Skydio Inc.")
	_same("Mitsubishi Precision Company, Limited", "Mitsubishi Precision Co., Ltd.")
	_same("Lafert S.p.A.", "LAFERT SpA")
	_same("TCOM, Limited Partnership", "TCOM L.P.")
	_same("EXCALIBUR ARMY spol.s.r.o", "Excalibur Army, s.r.o.")
	_same("TechInsights Europe Sp zo.o", "TechInsights Europe Sp. z o.o.")
	_same("Sindlhauser Materials GmbH", "Sindlhauser Materials Gesellschaft mit beschränkter Haftung")
	_same("三菱造船株式会社", "三菱造船㈱")
	_same("三菱造船株式会社", "三菱造船（株）")
}

# Normalised, never stripped: the holding and the company of the same name are two.
test_legal_forms_are_kept if {
	not _same("Rheinmetall AG", "Rheinmetall")
	not _same("Rheinmetall AG", "Rheinmetall GmbH")
	not _same("FN Herstal", "FN Browning")
}

test_letters_with_marks_are_folded if {
	_same("Politechnika Wrocławska", "Politechnika Wroclawska")
	_same("SPACEKNOW INC., odštěpný závod s.r.o", "SPACEKNOW INC., odstepny zavod s.r.o")
	_same("Société Générale", "Societe Generale")
}

test_composed_and_decomposed_letters_fold_alike if _same("Universit\u00e9", "Universite\u0301")

test_roman_numerals_and_ligatures_are_folded if {
	_same("Ⅲ-Ⅴ LAB", "III-V LAB")
	_same("Teledyne FLIR Oﬃce", "Teledyne FLIR Office")
}

test_traditional_and_japanese_characters_fold_to_the_printed_ones if {
	_same("漢翔航空工業股份有限公司", "汉翔航空工业股份有限公司")
	_same("日東電工株式會社", "日东电工株式会社")
	_same("冲電気工業株式会社", "冲电气工业株式会社")
}

test_and_the_are_folded if {
	_same("Boeing Defense, Space & Security", "Boeing Defense Space and Security")
	_same("The Fujikura Parachute Co., Ltd.", "Fujikura Parachute Co Ltd")
}

test_words_inside_words_stay if {
	names.fold("Limitedness") == "limitedness"
	names.fold("Anderson") == "anderson"
	names.fold("Companyon") == "companyon"
}

test_a_parent_is_not_its_subsidiary if {
	not _same("Mitsubishi Heavy Industries, Ltd.", "Mitsubishi Heavy Industries Maritime Systems, Ltd.")
	not _same("三菱重工業株式会社", "三菱重工海事系统株式会社")
}

test_names_without_letters_fold_to_nothing if {
	every name in ["", " ", "---", "。，", "\u200b", "&", "the", "\t\n"] {
		names.fold(name) == ""
	}
}
