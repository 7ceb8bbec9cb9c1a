// SPDX-License-Identifier: MIT
/* Texts of errors, and the last error of a thread. */
#include "test.h"

static void test_every_code_has_name_and_text(void **state)
{
	uint32_t code;

	(void)state;
	for (code = 0; code < NPU_ERR_COUNT; code++) {
		assert_string_not_equal(npu_error_name(code), "UNKNOWN");
		assert_true(strlen(npu_error_text(code)) > 0);
	}
	assert_string_equal(npu_error_name(NPU_ERR_PAGE_FAULT), "PAGE_FAULT");
	assert_string_equal(npu_error_text(NPU_ERR_NONE), "no error");
}

static void test_unknown_codes_are_told(void **state)
{
	(void)state;
	assert_string_equal(npu_error_name(NPU_ERR_COUNT), "UNKNOWN");
	assert_string_equal(npu_error_name(UINT32_MAX), "UNKNOWN");
	assert_true(strlen(npu_error_text(UINT32_MAX)) > 0);
}

static void test_strerror_takes_both_signs(void **state)
{
	(void)state;
	assert_string_equal(npu_strerror(-ENODEV),
			    "there is no such card, or it is gone");
	assert_ptr_equal(npu_strerror(-ENODEV), npu_strerror(ENODEV));
	assert_string_equal(npu_strerror(0), "success");
}

static void test_strerror_knows_every_number(void **state)
{
	int err;

	(void)state;
	for (err = 0; err < 200; err++)
		assert_non_null(npu_strerror(-err));
	assert_string_equal(npu_strerror(-100000), "unknown error");
}

static void test_fail_keeps_the_text_and_returns_the_errno(void **state)
{
	(void)state;
	assert_int_equal(npu_fail(-EINVAL, "card %d", 7), -EINVAL);
	assert_string_equal(npu_last_error(), "card 7");
}

static void test_long_texts_are_cut_off(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	npu_fail(-EIO, "%s", text);
	assert_true(strlen(npu_last_error()) < sizeof(text) - 1);
	assert_true(strlen(npu_last_error()) > 100);
}

static void *other_thread(void *arg)
{
	(void)arg;
	if (*npu_last_error())
		return (void *)1;
	npu_fail(-EIO, "of the other thread");
	return NULL;
}

static void test_threads_have_texts_of_their_own(void **state)
{
	pthread_t thread;
	void *result;

	(void)state;
	npu_fail(-EINVAL, "of this thread");
	assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_join(thread, &result);
	assert_null(result);
	assert_string_equal(npu_last_error(), "of this thread");
}

static const struct drm_npu_queue_get_state page_fault = {
	.state = DRM_NPU_QUEUE_BANNED,
	.ban_reason = DRM_NPU_BAN_FAULT,
	.error_code = NPU_ERR_PAGE_FAULT,
	.error_errno = EFAULT,
	.error_insn = 3,
	.error_operand = 1,
	.error_die = 2,
	.error_address = 0xdead000,
	.error_cookie = 5,
};

static void test_a_fault_names_instruction_operand_address_die(void **state)
{
	(void)state;
	assert_int_equal(npu_fail_job(5, &page_fault), -EFAULT);
	assert_text_has(npu_last_error(), "job 5: a failure: ");
	assert_text_has(npu_last_error(), "PAGE_FAULT (address that is not mapped)");
	assert_text_has(npu_last_error(), "instruction 3");
	assert_text_has(npu_last_error(), "operand 1");
	assert_text_has(npu_last_error(), "address 0xdead000");
	assert_text_has(npu_last_error(), "die 2");
}

static void test_what_does_not_apply_is_not_named(void **state)
{
	struct drm_npu_queue_get_state bad = {
		.ban_reason = DRM_NPU_BAN_FAULT,
		.error_code = NPU_ERR_PROGRAM,
		.error_errno = EINVAL,
		.error_insn = NPU_ERROR_NO_INSN,
		.error_operand = NPU_NONE,
		.error_die = NPU_NONE,
		.error_cookie = 1,
	};

	(void)state;
	assert_int_equal(npu_fail_job(1, &bad), -EINVAL);
	assert_null(strstr(npu_last_error(), "instruction "));
	assert_null(strstr(npu_last_error(), "operand "));
	assert_null(strstr(npu_last_error(), "address "));
	assert_null(strstr(npu_last_error(), "die "));
}

static void test_jobs_behind_a_failed_one_are_cancelled(void **state)
{
	(void)state;
	assert_int_equal(npu_fail_job(6, &page_fault), -ECANCELED);
	assert_text_has(npu_last_error(), "job 6");
	assert_text_has(npu_last_error(), "because of job 5");
	assert_text_has(npu_last_error(), "PAGE_FAULT");
}

static void test_a_banned_queue_names_the_job_at_fault(void **state)
{
	(void)state;
	assert_int_equal(npu_fail_banned(4, &page_fault), -ECANCELED);
	assert_text_has(npu_last_error(), "queue 4 is banned because of job 5");
	assert_text_has(npu_last_error(), "instruction 3");
}

static void test_a_reset_names_no_job_at_fault(void **state)
{
	struct drm_npu_queue_get_state reset = {
		.state = DRM_NPU_QUEUE_BANNED,
		.ban_reason = DRM_NPU_BAN_RESET,
		.error_errno = EIO,
	};

	(void)state;
	assert_int_equal(npu_fail_job(7, &reset), -EIO);
	assert_string_equal(npu_last_error(), "job 7: a reset of the card");
	assert_int_equal(npu_fail_banned(4, &reset), -ECANCELED);
	assert_string_equal(npu_last_error(),
			    "queue 4 is banned because of a reset of the card");
}

static void test_a_timeout_is_not_the_end_of_a_wait(void **state)
{
	struct drm_npu_queue_get_state late = page_fault;

	(void)state;
	late.ban_reason = DRM_NPU_BAN_TIMEOUT;
	late.error_code = NPU_ERR_STOPPED;
	late.error_errno = ETIME;
	assert_int_equal(npu_fail_job(5, &late), -ETIMEDOUT);
	assert_text_has(npu_last_error(), "executing for too long");
}

static void test_every_ban_reason_has_an_errno(void **state)
{
	struct drm_npu_queue_get_state ban = { 0 };
	uint32_t reason;

	(void)state;
	for (reason = 0; reason < 20; reason++) {
		ban.ban_reason = reason;
		assert_true(npu_fail_job(1, &ban) < 0);
		assert_text_has(npu_last_error(), "job 1");
	}
	ban.ban_reason = DRM_NPU_BAN_UNPLUGGED;
	assert_int_equal(npu_fail_job(1, &ban), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_has_name_and_text),
		cmocka_unit_test(test_unknown_codes_are_told),
		cmocka_unit_test(test_strerror_takes_both_signs),
		cmocka_unit_test(test_strerror_knows_every_number),
		cmocka_unit_test(test_fail_keeps_the_text_and_returns_the_errno),
		cmocka_unit_test(test_long_texts_are_cut_off),
		cmocka_unit_test(test_threads_have_texts_of_their_own),
		cmocka_unit_test(test_a_fault_names_instruction_operand_address_die),
		cmocka_unit_test(test_what_does_not_apply_is_not_named),
		cmocka_unit_test(test_jobs_behind_a_failed_one_are_cancelled),
		cmocka_unit_test(test_a_banned_queue_names_the_job_at_fault),
		cmocka_unit_test(test_a_reset_names_no_job_at_fault),
		cmocka_unit_test(test_a_timeout_is_not_the_end_of_a_wait),
		cmocka_unit_test(test_every_ban_reason_has_an_errno),
	};

	return cmocka_run_group_tests_name("libnpu errors", tests, NULL, NULL);
}
