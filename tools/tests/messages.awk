# SPDX-License-Identifier: MIT
# The texts that C files hand to any of FUNCTIONS (a regular expression), and what is
# assigned to a variable "why": one a line, without what is filled in at run time, of
# which only the longest piece is printed.

# The next token: a string without its quotes in `string`, a name, or a character.
function next_token(    start) {
	string = ""
	while (match(text, /^([ \t\n]+|\/\*([^*]|\*+[^*\/])*\*+\/|\/\/[^\n]*)/))
		text = substr(text, RLENGTH + 1)
	if (match(text, /^"([^"\\]|\\.)*"/)) {
		string = substr(text, 2, RLENGTH - 2)
		token = "\""
	} else if (match(text, /^'([^'\\]|\\.)*'/) || match(text, /^[A-Za-z_0-9]+/)) {
		token = substr(text, 1, RLENGTH)
	} else {
		token = substr(text, 1, 1)
		RLENGTH = 1
	}
	text = substr(text, RLENGTH + 1)
	return token != ""
}

# What a message says whatever is filled in: its longest piece.
function flush(    n, i, piece, best) {
	gsub(/\\n|\\t/, " ", message)
	gsub(/\\"/, "\"", message)
	n = split(message, piece, /%[-#+ 0-9.*]*(hh|h|ll|l|z)?[a-zA-Z%]|\001/)
	for (i = 1; i <= n; i++) {
		gsub(/^[' :;,()]+|[ :;,(%]+$/, "", piece[i])
		if (length(piece[i]) > length(best))
			best = piece[i]
	}
	if (best ~ /[a-z].*[a-z][a-z]/ && length(best) > 5)
		print best
	message = ""
}

# The arguments of a call, up to its end; or an assignment, up to a semicolon.
function arguments(end,    depth) {
	depth = 1
	while (depth && next_token()) {
		if (token == "(")
			depth++
		else if (token == ")" && end == ")")
			depth--
		else if (token == end)
			depth = 0
		if (token == "\"")
			message = message string
		else if (token ~ /^PRI/)
			message = message "\001"
		else
			flush()
	}
}

FNR == 1 && NR > 1 { extract() }
{ text = text $0 "\n" }
END { extract() }

function extract(    name) {
	while (next_token()) {
		if (token == "(" && name ~ "^(" functions ")$")
			arguments(")")
		else if (token == "=" && name == "why")
			arguments(";")
		name = token
	}
	text = ""
}
