# SPDX-License-Identifier: MIT
npuctl_LIBS := -ldrm -lcjson

# Tests of npuctl's parts, which need no card.
CTL_TEST := $(OUT)/ctl-test/test-ctl

$(CTL_TEST): $(HERE)/tests/ctl/test-ctl.c $(HERE)/ctl/ctl.h \
		$(patsubst $(HERE)/ctl/%.c,$(OUT)/ctl/%.o, \
			   $(filter-out %/main.c,$(wildcard $(HERE)/ctl/*.c))) \
		$(LIBNPU)/libnpu.so.0
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(libnpu_cflags) -I$(HERE)/ctl -o $@ \
		$(filter %.c %.o,$^) -L$(LIBNPU) -lnpu -Wl,-rpath,$(LIBNPU) \
		$(npuctl_LIBS) -lcmocka

tests: $(CTL_TEST)
