# SPDX-License-Identifier: MIT
#
# Sum up TAP, also of several programs one after the other: their plans add up.
# -v status=N: how the command ended.  Prints "PASSED FAILED SKIPPED", then a line
# for each case that failed.

function fail(text) {
	failed++
	lines[failed] = text
}

/^1\.\.[0-9]+/ {
	planned += substr($1, 4)
	plans++
}

/^ok([ \t]|$)/ {
	ran++
	if (tolower($0) ~ /#[ \t]*skip/)
		skipped++
	else
		passed++
}

/^not ok([ \t]|$)/ {
	ran++
	text = $0
	sub(/^not ok[ \t]*[0-9]*[ \t]*(-[ \t]*)?/, "", text)
	fail(text)
}

/^Bail out!/ {
	fail($0)
	bailed = 1
}

END {
	if (!plans && !bailed)
		fail("no plan: nothing was tested")
	else if (ran < planned && !bailed)
		fail(sprintf("%d tests were planned and %d ran", planned, ran))
	if (status == 124 || status == 137)
		fail("ran out of time")
	else if (status != 0 && !failed)
		fail("ended with status " status)
	print passed + 0, failed + 0, skipped + 0
	for (i = 1; i <= failed; i++)
		print lines[i]
}
