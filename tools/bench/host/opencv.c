// SPDX-License-Identifier: MIT
/* OpenCV's DNN module on the host, where its Python package is installed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

/* Images a second of the model that is its argument, 64 at a time. */
static const char script[] = "import sys, time\n"
			     "import cv2, numpy\n"
			     "net = cv2.dnn.readNetFromONNX(sys.argv[1])\n"
			     "cv2.setNumThreads(int(sys.argv[2]))\n"
			     "images = numpy.zeros((64, 1, 8, 8), numpy.float32)\n"
			     "def run(times):\n"
			     "    start = time.perf_counter()\n"
			     "    for i in range(times):\n"
			     "        net.setInput(images)\n"
			     "        net.forward()\n"
			     "    return 64 * times / (time.perf_counter() - start)\n"
			     "run(5)\n"
			     "print(run(int(sys.argv[3])))\n";

void opencv_begin(const char *name)
{
	(void)name;
	setenv("NPU_BENCH_SCRIPT", script, 1);
}

/* NaN: it is not installed. */
double opencv_sample(const char *name)
{
	char command[1024];
	double value;
	FILE *f;

	(void)name;
	snprintf(command, sizeof(command),
		 "/usr/bin/python3 -c \"$NPU_BENCH_SCRIPT\" '%s' %ld %d 2>/dev/null",
		 bench_options.model, card_threads(), bench_options.quick ? 5 : 500);
	f = popen(command, "re");
	if (!f || fscanf(f, "%lf", &value) != 1)
		value = NAN;
	if (f && pclose(f))
		value = NAN;
	return value;
}
