# METADATA
# title: Names
# description: >-
#   One name, written in many ways, folds to one key; a table of listed names is looked up by that key. Only spelling is
#   folded: case, width, punctuation, invisible characters, accents, legal forms. Likeness of different names is not judged
#   here; that is screening, which the service does.
package rareearth.lib.names

import data.rareearth.reference.folding

# METADATA
# title: The key of a name
# description: >-
#   Defined for every string. A name without a letter or digit folds to the empty text, which is the key of nothing: who looks
#   a key up must leave the empty one out.
fold(name) := concat("", [_written(word) | some word in split(_phrased(name), " ")])

_phrased(name) := strings.replace_n(_phrases, sprintf(" %s ", [_words(name)]))

# The words of a name, one space apart. Whatever is neither letter nor digit parts words.
_words(name) := trim_space(regex.replace(_plain(lower(name)), `[^\p{L}\p{N}]+`, " "))

# Invisible characters and combining marks go after the replacement, so that a letter and its mark, written as one or as two
# characters, fold alike.
_plain(text) := regex.replace(strings.replace_n(folding.characters, text), `[\p{Cf}\p{Mn}]+`, "") if not _ascii(text)

_plain(text) := text if _ascii(text)

_ascii(text) if regex.match(`^[\x00-\x7f]*$`, text)

_phrases[sprintf(" %s ", [phrase])] := sprintf(" %s ", [form]) if some phrase, form in folding.legal_phrases

_written(word) := form if form := folding.legal_forms[word]

else := kept if kept := folding.small_words[word]

else := word
