# METADATA
# title: Names
# description: >-
#   One name, written in many ways, folds to one key; a table of listed names is looked up by that key. Only spelling
#   is folded: case, width, punctuation, invisible characters, accents, legal forms. Likeness of different names is
#   not judged here; that is screening, which the service does.
package rareearth.lib.names

import data.rareearth.reference.folding

# METADATA
# title: The key of a name
# description: >-
#   Defined for every string. A name without a letter or digit folds to the empty text, which is the key of nothing:
#   who looks a key up must leave the empty one out.
fold(name) := concat("", [_written(word) | some word in split(_phrased(name), " ")])

_phrased(name) := _replaced(_phrases, _any_phrase, sprintf(" %s ", [_words(name)]))

# The words of a name, one space apart. Whatever is neither letter nor digit parts words.
_words(name) := trim_space(regex.replace(_plain(name), `[^\p{L}\p{N}]+`, " "))

# Invisible characters and combining marks go after the replacement, so that a letter and its mark, written as one or
# as two characters, fold alike.
_plain(name) := regex.replace(_replaced(folding.characters, _any_character, lower(name)), `[\p{Cf}\p{Mn}]+`, "")

# Most names hold nothing to replace, and asking for that first is many times cheaper than replacing.
_replaced(pairs, any_of_them, text) := strings.replace_n(pairs, text) if regex.match(any_of_them, text)

_replaced(_, any_of_them, text) := text if not regex.match(any_of_them, text)

_any_character := concat("|", object.keys(folding.characters))

_any_phrase := concat("|", object.keys(_phrases))

_phrases[sprintf(" %s ", [phrase])] := sprintf(" %s ", [form]) if some phrase, form in folding.legal_phrases

_written(word) := form if form := folding.legal_forms[word]

else := kept if kept := folding.small_words[word]

else := word
