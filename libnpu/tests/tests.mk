# SPDX-License-Identifier: MIT
#
# Tests of libnpu that need no card.  They link its objects, not the library, to
# reach what is hidden; fake.c stands for the kernel.

T	  := $(HERE)/tests
TOUT	  := $(OUT)/tests
RUN_TAP	  := $(TOP)/qemu-device/tests/run-tap

UNIT	  := test-args test-error test-node test-ops test-program test-rope test-va \
	     test-view
FAKED	  := test-bo test-queue
TESTS	  := $(UNIT) $(FAKED) test-accept
BINARIES  := $(TESTS:%=$(TOUT)/%)
SCRIPTS	  := $(T)/test-exports.sh $(T)/test-header.sh

# What the fake kernel takes the place of.
WRAPPED	  := drmIoctl drmSyncobjCreate drmSyncobjDestroy drmSyncobjTimelineWait \
	     drmSyncobjQuery drmCloseBufferHandle
WRAP	  := $(WRAPPED:%=-Wl,--wrap=%)
TEST_LIBS := -lcmocka $(LIBS)

# What the dies execute, as the card's own tests build it, and its BLAS.
COMPUTE	  := $(TOP)/build/tests/compute.a
BLAS_DIR  ?= /usr/lib/$(shell $(CC) -print-multiarch)/openblas-pthread
BLAS_LIBS ?= -L$(BLAS_DIR) -Wl,-rpath,$(BLAS_DIR) -lopenblas

$(TOUT)/%.o: $(T)/%.c $(T)/tests.mk
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -I$(TOP)/qemu-device/compute -c -o $@ $<

$(UNIT:%=$(TOUT)/%): $(TOUT)/%: $(TOUT)/%.o $(OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS)

$(FAKED:%=$(TOUT)/%): $(TOUT)/%: $(TOUT)/%.o $(TOUT)/fake.o $(OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) $(WRAP) -o $@ $^ $(TEST_LIBS)

$(TOUT)/test-accept: $(TOUT)/test-accept.o $(OBJ) $(COMPUTE)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS) $(BLAS_LIBS)

.PHONY: compute
compute:
	@$(MAKE) --no-print-directory -C $(TOP)/qemu-device/tests $(COMPUTE)

$(COMPUTE): compute ;

-include $(BINARIES:=.d) $(TOUT)/fake.d

check: export LIBNPU := $(OUT)
check: export CC := $(CC)
check: export CXX := $(CXX)
check: export INCLUDE := $(INCLUDE)
check: all $(BINARIES)
	@sh $(RUN_TAP) $(BINARIES) $(SCRIPTS)
