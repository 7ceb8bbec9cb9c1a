// SPDX-License-Identifier: MIT
/* Parts of npuctl, without a card. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "ctl.h"

#define GIB (1ull << 30)

/* ---- Cards to show ------------------------------------------------------- */

static struct client clients[2] = {
	{ .pci = "0000:01:00.0", .pid = 42, .id = 1, .name = "npu-run" },
	{ .pci = "0000:01:00.0", .pid = 43, .id = 2, .name = "\"odd\" name" },
};

static void good_card(struct card *card)
{
	struct card_state *state = &card->state;
	unsigned int i;

	*card = (struct card){ .clients = clients, .client_count = 2 };
	strcpy(card->node.name, "npu0");
	strcpy(card->node.path, "/dev/accel/accel0");
	strcpy(card->node.pci, "0000:01:00.0");
	strcpy((char *)state->info.model, "X6000");
	state->info.serial = 0xfedcba9876543210;
	state->info.platform = DRM_NPU_PLATFORM_EMULATED;
	state->info.dies = 4;
	state->info.clients = 4;
	state->info.jobs_completed = 12;
	state->info.jobs_failed = 3;
	state->info.faults = 2;
	state->driver_major = 1;
	state->memory_count = 5;
	for (i = 0; i < 4; i++) {
		state->memory[i].die = i;
		state->memory[i].total = 16 * GIB;
		state->memory[i].used = i * GIB;
		state->busy_percent[i] = 25.04 * i;
	}
	state->memory[4].memory_class = DRM_NPU_MEMORY_HOST;
	state->memory[4].total = 3 * GIB;
	state->memory[4].used = GIB;
}

static void bad_card(struct card *card, int err)
{
	good_card(card);
	card->state = (struct card_state){ .err = err };
	card->client_count = 0;
	strcpy(card->state.detail, "npu0 does what it does");
}

static char printed[65536];

/* What a function prints. */
static FILE *begin_print(void)
{
	memset(printed, 0, sizeof(printed));
	return fmemopen(printed, sizeof(printed) - 1, "w");
}

static cJSON *json_of(const struct cards *cards)
{
	FILE *out = begin_print();
	cJSON *root;

	assert_int_equal(json_print(out, cards), 0);
	fclose(out);
	root = cJSON_Parse(printed);
	assert_non_null(root);
	return root;
}

static double number(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static const char *text(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	assert_true(cJSON_IsString(item));
	return item->valuestring;
}

/* ---- JSON ---------------------------------------------------------------- */

static void test_json_without_cards(void **state)
{
	struct cards cards = { 0 };
	cJSON *root = json_of(&cards);

	(void)state;
	assert_int_equal(number(root, "schema"), 1);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "cards")), 0);
	cJSON_Delete(root);
}

static void test_json_of_a_card(void **state)
{
	struct card card;
	struct cards cards = { &card, 1 };
	cJSON *root, *one, *die;

	(void)state;
	good_card(&card);
	root = json_of(&cards);
	one = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "cards"), 0);
	assert_string_equal(text(one, "name"), "npu0");
	assert_string_equal(text(one, "pci"), "0000:01:00.0");
	assert_string_equal(text(one, "health"), "ok");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(one, "error")));
	assert_string_equal(text(one, "model"), "X6000");
	assert_string_equal(text(one, "serial"), "fedcba9876543210");
	assert_string_equal(text(cJSON_GetObjectItem(one, "driver"), "interface"), "1.0");
	assert_int_equal(number(one, "dies"), 4);
	assert_true(number(cJSON_GetObjectItem(one, "hbm"), "total") == 64.0 * GIB);
	assert_true(number(cJSON_GetObjectItem(one, "hbm"), "used") == 6.0 * GIB);
	assert_true(number(cJSON_GetObjectItem(one, "host_memory"), "used") == 1.0 * GIB);
	assert_int_equal(number(cJSON_GetObjectItem(one, "jobs"), "completed"), 12);
	assert_int_equal(number(cJSON_GetObjectItem(one, "jobs"), "failed"), 3);
	assert_int_equal(number(one, "faults"), 2);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(one, "die_status")), 4);
	die = cJSON_GetArrayItem(cJSON_GetObjectItem(one, "die_status"), 3);
	assert_int_equal(number(die, "die"), 3);
	assert_true(number(die, "busy_percent") == 75.1);
	assert_true(number(die, "hbm_used") == 3.0 * GIB);
	cJSON_Delete(root);
}

static void test_json_of_clients(void **state)
{
	struct card card;
	struct cards cards = { &card, 1 };
	cJSON *root, *one, *list;

	(void)state;
	good_card(&card);
	root = json_of(&cards);
	one = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "cards"), 0);
	list = cJSON_GetObjectItem(one, "clients");
	assert_int_equal(cJSON_GetArraySize(list), 2);
	assert_int_equal(number(cJSON_GetArrayItem(list, 0), "pid"), 42);
	assert_string_equal(text(cJSON_GetArrayItem(list, 1), "name"), "\"odd\" name");
	/* Four files are open: two are shown, one is our own look. */
	assert_int_equal(number(one, "clients_hidden"), 1);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(one, "clients_complete")));
	cJSON_Delete(root);
}

static void test_clients_that_were_not_looked_for(void **state)
{
	struct card card;
	struct cards cards = { &card, 1 };
	cJSON *root, *one;
	FILE *out;

	(void)state;
	good_card(&card);
	card.clients_cut = true;
	root = json_of(&cards);
	one = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "cards"), 0);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(one, "clients_complete")));
	cJSON_Delete(root);
	out = begin_print();
	text_status(out, &cards);
	fclose(out);
	assert_non_null(strstr(printed, "1 more, there was no time to find which"));
	assert_null(strstr(printed, "of other users"));
}

static void test_json_keys_are_there_whatever_is_wrong(void **state)
{
	struct card pair[2];
	struct cards cards = { pair, 2 };
	cJSON *root, *good, *bad, *item;

	(void)state;
	good_card(&pair[0]);
	bad_card(&pair[1], -ETIMEDOUT);
	root = json_of(&cards);
	good = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "cards"), 0);
	bad = cJSON_GetArrayItem(cJSON_GetObjectItem(root, "cards"), 1);
	assert_int_equal(cJSON_GetArraySize(good), cJSON_GetArraySize(bad));
	cJSON_ArrayForEach (item, good)
		assert_true(cJSON_HasObjectItem(bad, item->string));
	assert_string_equal(text(bad, "health"), "no answer");
	assert_string_equal(text(bad, "error"), "npu0 does what it does");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(bad, "dies")));
	cJSON_Delete(root);
}

/* ---- Verdicts ------------------------------------------------------------ */

static int verdict_of(int err, uint32_t health)
{
	struct card card;
	struct cards cards = { &card, 1 };

	good_card(&card);
	card.state.err = err;
	card.state.info.health = health;
	return cards_verdict(&cards);
}

static void test_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(verdict_of(0, DRM_NPU_HEALTH_OK), EXIT_FINE);
	assert_int_equal(verdict_of(0, DRM_NPU_HEALTH_RESETTING), EXIT_DEGRADED);
	assert_int_equal(verdict_of(0, DRM_NPU_HEALTH_FAILED), EXIT_DEGRADED);
	assert_int_equal(verdict_of(-EIO, 0), EXIT_DEGRADED);
	assert_int_equal(verdict_of(-ENODEV, 0), EXIT_NO_CARD);
	assert_int_equal(verdict_of(-EACCES, 0), EXIT_NO_PERMISSION);
	assert_int_equal(verdict_of(-ETIMEDOUT, 0), EXIT_TIMED_OUT);
}

static void test_the_worst_card_decides(void **state)
{
	struct card three[3];
	struct cards cards = { three, 3 };

	(void)state;
	good_card(&three[0]);
	bad_card(&three[1], -ETIMEDOUT);
	bad_card(&three[2], -EACCES);
	assert_int_equal(cards_verdict(&cards), EXIT_TIMED_OUT);
	good_card(&three[1]);
	assert_int_equal(cards_verdict(&cards), EXIT_NO_PERMISSION);
}

static void test_busy_is_the_average_of_the_dies(void **state)
{
	struct card card;

	(void)state;
	good_card(&card);
	assert_true(card_busy(&card) > 37.5 && card_busy(&card) < 37.6);
	card.state.info.dies = 0;
	assert_true(card_busy(&card) == 0);
}

/* ---- Texts --------------------------------------------------------------- */

static void test_units(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
		/* clang-format off */
	} table[] = {
		{ 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" }, { (1 << 20) - 1, "1.0 MiB" }, { 1 << 20, "1.0 MiB" },
		{ 128 * GIB, "128.0 GiB" }, { UINT64_MAX, "16384.0 PiB" },
	};
	/* clang-format on */
	char to[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		format_bytes(to, sizeof(to), table[i].bytes);
		assert_string_equal(to, table[i].text);
	}
}

static void test_columns_of_texts(void **state)
{
	(void)state;
	assert_int_equal(term_columns(""), 0);
	assert_int_equal(term_columns("abc"), 3);
	assert_int_equal(term_columns("\xc3\xa4"), 1);	   /* a with dots */
	assert_int_equal(term_columns("\xe5\x8d\xa1"), 2); /* a wide one */
	assert_int_equal(term_columns("e\xcc\x81"), 1);	   /* combined */
	assert_int_equal(term_columns("\xff\xff"), 2);	   /* no text at all */
}

static void test_texts_from_elsewhere_are_made_harmless(void **state)
{
	char escape[] = "a\033[31mb\n", broken[] = "x\xffy", good[] = "\xc3\xa4";

	(void)state;
	sanitize(escape);
	assert_string_equal(escape, "a?[31mb?");
	sanitize(broken);
	assert_string_equal(broken, "x?y");
	sanitize(good);
	assert_string_equal(good, "\xc3\xa4");
}

/* clang-format off */
static const struct column columns[] = {
	{ "NAME", false, 0 }, { "SIZE", true, 1 }, { "NOTE", false, 2 },
};
/* clang-format on */

static const char *table_of(const char *name, int width)
{
	struct row rows[2] = { 0 };
	FILE *out = begin_print();

	strcpy(rows[0].cell[0], name);
	strcpy(rows[0].cell[1], "7");
	strcpy(rows[0].cell[2], "first");
	strcpy(rows[1].cell[0], "ab");
	strcpy(rows[1].cell[1], "12345");
	strcpy(rows[1].cell[2], "x");
	table_print(out, columns, 3, rows, 2, width);
	fclose(out);
	return printed;
}

static void test_columns_line_up(void **state)
{
	(void)state;
	assert_string_equal(table_of("abcdef", 100), "NAME     SIZE  NOTE\n"
						     "abcdef      7  first\n"
						     "ab      12345  x\n");
}

static void test_columns_line_up_with_wide_characters(void **state)
{
	(void)state;
	assert_string_equal(table_of("\xe5\x8d\xa1\xe5\x8d\xa1\xe5\x8d\xa1", 100),
			    "NAME     SIZE  NOTE\n"
			    "\xe5\x8d\xa1\xe5\x8d\xa1\xe5\x8d\xa1      7  first\n"
			    "ab      12345  x\n");
}

static void test_narrow_tables_leave_columns_out(void **state)
{
	(void)state;
	assert_string_equal(table_of("abcdef", 20),
			    "NAME     SIZE  NOTE\nabcdef      7  first\nab      12345  x\n");
	assert_string_equal(table_of("abcdef", 19),
			    "NAME    NOTE\nabcdef  first\nab      x\n");
	assert_string_equal(table_of("abcdef", 12), "NAME\nabcdef\nab\n");
	assert_string_equal(table_of("abcdef", 1), "NAME\nabcdef\nab\n");
}

static unsigned int longest_line(const char *text)
{
	unsigned int longest = 0, length;

	for (; *text; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		if (length > longest)
			longest = length;
	}
	return longest;
}

static void test_list_fits_a_narrow_terminal(void **state)
{
	struct card card;
	struct cards cards = { &card, 1 };
	FILE *out = begin_print();

	(void)state;
	good_card(&card);
	setenv("COLUMNS", "40", 1);
	text_list(out, &cards);
	fclose(out);
	unsetenv("COLUMNS");
	assert_true(longest_line(printed) <= 40);
	assert_non_null(strstr(printed, "npu0"));
	assert_non_null(strstr(printed, "ok"));
}

static void test_status_wraps_on_a_narrow_terminal(void **state)
{
	struct card card;
	struct cards cards = { &card, 1 };
	FILE *out = begin_print();

	(void)state;
	good_card(&card);
	card.state.info.dies = 8;
	setenv("COLUMNS", "45", 1);
	text_status(out, &cards);
	fclose(out);
	unsetenv("COLUMNS");
	assert_true(longest_line(printed) <= 45);
	assert_non_null(strstr(printed, "die7"));
	assert_non_null(strstr(printed, "42 npu-run"));
	assert_non_null(strstr(printed, "1 of other users"));
}

static void test_nothing_is_coloured_without_a_terminal(void **state)
{
	struct card card;
	struct cards cards = { &card, 1 };
	FILE *out = begin_print();

	(void)state;
	good_card(&card);
	text_status(out, &cards);
	text_list(out, &cards);
	fclose(out);
	assert_null(strchr(printed, '\033'));
}

static void test_a_card_that_does_not_answer_is_shown(void **state)
{
	struct card card;
	struct cards cards = { &card, 1 };
	FILE *out = begin_print();

	(void)state;
	bad_card(&card, -ETIMEDOUT);
	text_status(out, &cards);
	text_list(out, &cards);
	fclose(out);
	assert_non_null(strstr(printed, "npu0  0000:01:00.0  no answer\n"));
	assert_null(strstr(printed, "jobs"));
}

/* ---- Clients ------------------------------------------------------------- */

static bool parse(const char *text, struct client *client)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	bool ok = client_parse(file, client);

	fclose(file);
	return ok;
}

static void test_fdinfo_of_a_card(void **state)
{
	struct client client;

	(void)state;
	assert_true(parse("pos:\t0\nflags:\t02100002\nmnt_id:\t20\nino:\t100\n"
			  "drm-driver:\tnpu\ndrm-client-id:\t17\n"
			  "drm-pdev:\t0000:01:00.0\ndrm-engine-npu:\t5 ns\n",
			  &client));
	assert_string_equal(client.pci, "0000:01:00.0");
	assert_int_equal(client.id, 17);
}

static void test_fdinfo_of_others(void **state)
{
	struct client client;

	(void)state;
	assert_false(parse("pos:\t0\nflags:\t02\n", &client));
	assert_false(parse("drm-driver:\tivpu\ndrm-pdev:\t0000:00:0b.0\n", &client));
	assert_false(parse("drm-driver:\tnpu\n", &client));
	assert_false(
		parse("drm-driver-version:\tnpu\ndrm-pdev:\t0000:01:00.0\n", &client));
}

/* ---- Looks --------------------------------------------------------------- */

static void answer(const void *arg, FILE *out)
{
	fprintf(out, "%s", (const char *)arg);
}

static void answer_at_length(const void *arg, FILE *out)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < 300000; i++)
		fputc('a' + i % 26, out);
}

static void hang(const void *arg, FILE *out)
{
	fputs(arg, out);
	fflush(out);
	for (;;)
		pause();
}

static void crash(const void *arg, FILE *out)
{
	(void)arg;
	(void)out;
	abort();
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static void test_a_look_brings_an_answer(void **state)
{
	struct look look;

	(void)state;
	assert_int_equal(look_start(&look, answer, "seen"), 0);
	look_collect(&look, 1, 5000);
	assert_true(look.complete);
	assert_int_equal(look.size, 4);
	assert_memory_equal(look.data, "seen", 4);
	look_free(&look);
}

static void test_a_long_answer_comes_whole(void **state)
{
	struct look look;

	(void)state;
	assert_int_equal(look_start(&look, answer_at_length, NULL), 0);
	look_collect(&look, 1, 10000);
	assert_true(look.complete);
	assert_int_equal(look.size, 300000);
	assert_int_equal(look.data[299999], 'a' + 299999 % 26);
	look_free(&look);
}

static void test_a_look_that_hangs_is_given_up(void **state)
{
	int64_t start = now_ms(), took;
	struct look look;

	(void)state;
	assert_int_equal(look_start(&look, hang, "so far"), 0);
	look_collect(&look, 1, 300);
	took = now_ms() - start;
	assert_false(look.complete);
	assert_in_range(took, 290, 2000);
	assert_int_equal(look.size, 6);
	look_free(&look);
}

static void test_one_that_hangs_does_not_hide_the_others(void **state)
{
	int64_t start = now_ms();
	struct look looks[5];
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(look_start(&looks[i], i % 2 ? answer : hang, "x"), 0);
	look_collect(looks, 5, 500);
	/* The limit is that of all, not of each. */
	assert_true(now_ms() - start < 1200);
	for (i = 0; i < 5; i++) {
		assert_int_equal(looks[i].complete, i % 2);
		assert_int_equal(looks[i].size, 1);
		look_free(&looks[i]);
	}
}

static void test_a_look_that_crashes_is_no_answer(void **state)
{
	struct look look;

	(void)state;
	assert_int_equal(look_start(&look, crash, NULL), 0);
	look_collect(&look, 1, 5000);
	assert_true(look.complete);
	assert_int_equal(look.size, 0);
	look_free(&look);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_without_cards),
		cmocka_unit_test(test_json_of_a_card),
		cmocka_unit_test(test_json_of_clients),
		cmocka_unit_test(test_clients_that_were_not_looked_for),
		cmocka_unit_test(test_json_keys_are_there_whatever_is_wrong),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_the_worst_card_decides),
		cmocka_unit_test(test_busy_is_the_average_of_the_dies),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_columns_of_texts),
		cmocka_unit_test(test_texts_from_elsewhere_are_made_harmless),
		cmocka_unit_test(test_columns_line_up),
		cmocka_unit_test(test_columns_line_up_with_wide_characters),
		cmocka_unit_test(test_narrow_tables_leave_columns_out),
		cmocka_unit_test(test_list_fits_a_narrow_terminal),
		cmocka_unit_test(test_status_wraps_on_a_narrow_terminal),
		cmocka_unit_test(test_nothing_is_coloured_without_a_terminal),
		cmocka_unit_test(test_a_card_that_does_not_answer_is_shown),
		cmocka_unit_test(test_fdinfo_of_a_card),
		cmocka_unit_test(test_fdinfo_of_others),
		cmocka_unit_test(test_a_look_brings_an_answer),
		cmocka_unit_test(test_a_long_answer_comes_whole),
		cmocka_unit_test(test_a_look_that_hangs_is_given_up),
		cmocka_unit_test(test_one_that_hangs_does_not_hide_the_others),
		cmocka_unit_test(test_a_look_that_crashes_is_no_answer),
	};

	unsetenv("COLUMNS");
	term_init();
	return cmocka_run_group_tests_name("npuctl", tests, NULL, NULL);
}
