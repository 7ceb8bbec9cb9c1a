// SPDX-License-Identifier: MIT
/* Listing cards in a sysfs made for the test. */
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char root[PATH_MAX];

static void make_dirs(const char *path)
{
	char copy[PATH_MAX], *slash;

	snprintf(copy, sizeof(copy), "%s", path);
	for (slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	mkdir(copy, 0755);
}

static void make_link(const char *target, const char *path)
{
	assert_int_equal(symlink(target, path), 0);
}

/* A device accelN at a PCI address, driven by a driver. */
static void add_accel(unsigned int minor, const char *pci, const char *driver)
{
	char path[PATH_MAX + 64], target[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/sys/bus/pci/drivers/%s", root, driver);
	make_dirs(path);
	snprintf(target, sizeof(target), "%s", path);
	snprintf(path, sizeof(path), "%s/sys/devices/pci0000:00/%s", root, pci);
	make_dirs(path);
	strcat(path, "/driver");
	make_link(target, path);

	snprintf(path, sizeof(path), "%s/sys/class/accel/accel%u", root, minor);
	make_dirs(path);
	strcat(path, "/device");
	snprintf(target, sizeof(target), "%s/sys/devices/pci0000:00/%s", root, pci);
	make_link(target, path);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/npu-test-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void test_no_accel_class_is_no_card(void **state)
{
	struct npu_node node;

	(void)state;
	assert_int_equal(npu_list_at(root, &node, 1), 0);
	assert_int_equal(npu_find_at(root, NULL, &node), -ENODEV);
	assert_text_has(npu_last_error(), "no card");
}

static void test_a_card_is_described(void **state)
{
	struct npu_node node;

	(void)state;
	add_accel(0, "0000:01:00.0", "npu");
	assert_int_equal(npu_list_at(root, &node, 1), 1);
	assert_int_equal(node.index, 0);
	assert_string_equal(node.name, "npu0");
	assert_string_equal(node.path, "/dev/accel/accel0");
	assert_string_equal(node.sysfs, "/sys/class/accel/accel0");
	assert_string_equal(node.pci, "0000:01:00.0");
}

static void test_other_drivers_are_left_out(void **state)
{
	struct npu_node nodes[2];

	(void)state;
	add_accel(0, "0000:00:0b.0", "intel_vpu");
	add_accel(1, "0000:01:00.0", "npu");
	add_accel(2, "0000:02:00.0", "npu2");
	assert_int_equal(npu_list_at(root, nodes, 2), 1);
	assert_string_equal(nodes[0].name, "npu0");
	assert_string_equal(nodes[0].path, "/dev/accel/accel1");
}

static void test_cards_are_in_the_order_of_minors(void **state)
{
	static const unsigned int minors[] = { 10, 2, 9, 0 };
	struct npu_node nodes[4];
	char pci[16];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(minors); i++) {
		snprintf(pci, sizeof(pci), "0000:%02x:00.0", minors[i]);
		add_accel(minors[i], pci, "npu");
	}
	assert_int_equal(npu_list_at(root, nodes, 4), 4);
	assert_string_equal(nodes[0].path, "/dev/accel/accel0");
	assert_string_equal(nodes[1].path, "/dev/accel/accel2");
	assert_string_equal(nodes[2].path, "/dev/accel/accel9");
	assert_string_equal(nodes[3].path, "/dev/accel/accel10");
	assert_string_equal(nodes[3].name, "npu3");
}

static void test_a_short_array_gets_the_beginning(void **state)
{
	struct npu_node nodes[2] = { 0 };

	(void)state;
	add_accel(0, "0000:01:00.0", "npu");
	add_accel(1, "0000:02:00.0", "npu");
	assert_int_equal(npu_list_at(root, nodes, 1), 2);
	assert_string_equal(nodes[0].name, "npu0");
	assert_string_equal(nodes[1].name, "");
	assert_int_equal(npu_list_at(root, NULL, 0), 2);
}

static void test_cards_are_found_by_name_address_and_path(void **state)
{
	struct npu_node node;

	(void)state;
	add_accel(0, "0000:01:00.0", "npu");
	add_accel(1, "0000:02:00.0", "npu");
	assert_int_equal(npu_find_at(root, NULL, &node), 0);
	assert_string_equal(node.name, "npu0");
	assert_int_equal(npu_find_at(root, "npu1", &node), 0);
	assert_string_equal(node.pci, "0000:02:00.0");
	assert_int_equal(npu_find_at(root, "0000:02:00.0", &node), 0);
	assert_string_equal(node.name, "npu1");
	assert_int_equal(npu_find_at(root, "/dev/accel/accel1", &node), 0);
	assert_string_equal(node.name, "npu1");
}

static void test_unknown_cards_are_enodev(void **state)
{
	struct npu_node node;

	(void)state;
	add_accel(0, "0000:01:00.0", "npu");
	assert_int_equal(npu_find_at(root, "npu1", &node), -ENODEV);
	assert_text_has(npu_last_error(), "npu1");
	assert_int_equal(npu_find_at(root, "", &node), -ENODEV);
	assert_int_equal(npu_find_at(root, "/dev/null", &node), -ENODEV);
}

static void test_odd_entries_are_skipped(void **state)
{
	char path[PATH_MAX + 64];
	struct npu_node node;

	(void)state;
	add_accel(0, "0000:01:00.0", "npu");
	snprintf(path, sizeof(path), "%s/sys/class/accel/accel0x", root);
	make_dirs(path);
	snprintf(path, sizeof(path), "%s/sys/class/accel/accel7", root);
	make_dirs(path);
	snprintf(path, sizeof(path), "%s/sys/class/accel/control", root);
	make_dirs(path);
	assert_int_equal(npu_list_at(root, &node, 1), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_accel_class_is_no_card),
		TEST(test_a_card_is_described),
		TEST(test_other_drivers_are_left_out),
		TEST(test_cards_are_in_the_order_of_minors),
		TEST(test_a_short_array_gets_the_beginning),
		TEST(test_cards_are_found_by_name_address_and_path),
		TEST(test_unknown_cards_are_enodev),
		TEST(test_odd_entries_are_skipped),
	};

	return cmocka_run_group_tests_name("libnpu cards", tests, NULL, NULL);
}
