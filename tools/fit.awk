# Makes a table that tshark prints fit COLUMNS (awk -v columns=80 -f fit.awk): with fewer columns, if the most important ones have room, else
# with a block of lines for each row. It looks for places where all lines have blanks: in cells of the screen, not bytes. Run it with LC_ALL=C.
#
# SPDX-License-Identifier: GPL-2.0-or-later

BEGIN {
	for (i = 1; i < 128; i++)
		ascii[sprintf("%c", i)] = 1
	for (i = 128; i < 192; i++)
		tail[sprintf("%c", i)] = 1
	wanted = "Call|Start (UTC)|Media (s)|State|Device|Peer|Path"
}
# How many cells the character takes whose bytes begin with these two: East Asian ones and emoji two, combining ones none.
function width(one, two) {
	if (one == "\314" || one == "\315" && two < "\260") return 0
	if (one == "\360") return two >= "\237" ? 2 : 1
	if (one >= "\343" && one <= "\355" || one == "\357" && two >= "\274" && two < "\277") return 2
	return 1
}
# Splits the line into cells of the screen, cell[line, 1...].
function spread(line, text,    i, c, at, w) {
	at = 0
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c in ascii) w = 1
		else if (c in tail) { if (at) cell[line, at] = cell[line, at] c; continue }
		else w = width(c, substr(text, i + 1, 1))
		if (w == 0) { cell[line, at] = cell[line, at] c; continue }
		cell[line, ++at] = c
		if (w == 2) cell[line, ++at] = ""
	}
	size[line] = at
}
function blank(line, at) { return at > size[line] || cell[line, at] == " " }
# The text of a line from one cell to another, without blanks around it.
function part(line, from, to,    i, text) {
	text = ""
	for (i = from; i <= to && i <= size[line]; i++) text = text cell[line, i]
	gsub(/^ +| +$/, "", text)
	return text
}
function cells_of(text,    n) { spread("x", text); return size["x"] }
function put(text, wide, right,    pad) {
	pad = ""
	while (length(pad) < wide - cells_of(text)) pad = pad " "
	return right ? pad text : text pad
}
# Prints a long text on lines of its own, the second and later ones further to the right.
function wrap(text,    word, n, i, line) {
	n = split(text, word, / /)
	line = "  " word[1]
	for (i = 2; i <= n; i++) {
		if (cells_of(line) + 1 + cells_of(word[i]) > columns) { print line; line = "    " word[i] }
		else line = line " " word[i]
	}
	print line
}
function emit(    i, j, k, n, at, ok, total, essential, lines, row, rule, gone, out, line, item) {
	# The titles, and where each one begins.
	n = 0
	for (i = 1; i <= size[1]; i++)
		if (!blank(1, i) && (i == 1 || blank(1, i - 1) && (i == 2 || blank(1, i - 2)))) begin[++n] = i
	first[1] = 1
	for (i = 2; i <= n; i++) {
		for (at = begin[i] - 1; at > begin[i - 1]; at--) {
			ok = blank(1, at) && blank(1, at - 1)
			for (row = 2; ok && row <= rows; row++) ok = blank(row, at) && blank(row, at - 1)
			if (ok) break
		}
		# Not a table as it is known here: as it is.
		if (at <= begin[i - 1]) { for (row = 1; row <= rows; row++) print whole[row]; return }
		first[i] = at + 1
	}
	first[n + 1] = 100000
	for (i = 1; i <= n; i++) {
		wide[i] = empty[i] = 0
		for (row = 1; row <= rows; row++) {
			value[row, i] = part(row, first[i], first[i + 1] - 1)
			if (cells_of(value[row, i]) > wide[i]) wide[i] = cells_of(value[row, i])
			if (row > 1 && value[row, i] != "-") empty[i]++
		}
		right[i] = 1
		for (row = 2; row <= rows; row++) if (value[row, i] !~ /^[0-9.]+$|^-$/) right[i] = 0
		total += wide[i] + 2
		essential[i] = index("|" wanted "|", "|" value[1, i] "|") > 0
	}
	total -= 2
	# What says nothing goes first, then what is further to the right.
	for (k = 1; k <= 2; k++)
		for (i = n; i > 0 && total > columns; i--)
			if (!essential[i] && !dropped[i] && (k == 2 || !empty[i])) { dropped[i] = 1; total -= wide[i] + 2 }
	# One of these may have room still, beside what is narrower.
	for (i = 1; i <= n; i++)
		if (dropped[i] && empty[i] && total + wide[i] + 2 <= columns) { dropped[i] = 0; total += wide[i] + 2 }
	if (total <= columns) {
		gone = ""
		for (row = 1; row <= rows; row++) {
			line = ""
			for (i = 1; i <= n; i++) if (!dropped[i]) line = line (line == "" ? "" : "  ") put(value[row, i], wide[i], right[i])
			gsub(/ +$/, "", line)
			print line
		}
		for (i = 1; i <= n; i++) if (dropped[i]) gone = gone (gone == "" ? "" : ", ") value[1, i]
		if (gone != "") left_out = gone
		return
	}
	for (row = 2; row <= rows; row++) {
		print value[1, 1] " " value[row, 1]
		line = " "
		for (i = 2; i <= n; i++) {
			item = value[1, i] ": " value[row, i]
			if (line != " " && cells_of(line) + 3 + cells_of(item) > columns) { print line; line = " " }
			if (2 + cells_of(item) > columns) { wrap(item); continue }
			line = line (line == " " ? " " : "   ") item
		}
		if (line != " ") print line
	}
}
/^=+$/ {
	if (inside) { if (rows) emit(); for (i = 1; i <= notes; i++) print note[i]; inside = rows = notes = 0 } else inside = 1
	next
}
!inside { if ($0 != "") print; next }
/^Filter: / || !rows && !/^ *Call  / { next }
/^(Of the latest file|More rows than)/ { note[++notes] = $0; next }
{ whole[++rows] = $0; spread(rows, $0) }
END { if (left_out != "") print "\nLeft out, to fit " columns " columns: " left_out ". All: tools/demo --wide" }
