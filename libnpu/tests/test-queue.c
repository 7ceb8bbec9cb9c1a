// SPDX-License-Identifier: MIT
/* Queues, jobs and waits, on a fake kernel. */
#include <stdio.h>

#include "fake.h"

static struct npu_vm *vm;
static struct npu_queue *queue;
static struct npu_program *prog;

/* A program with one base and one scalar. */
static int set_up(void **state)
{
	if (fake_set_up(state) || npu_vm_new(fake_device, &vm) ||
	    npu_queue_new(vm, 0, 0, &queue) || npu_program_new(vm, &prog))
		return -1;
	npu_base(prog);
	npu_scalar_slot(prog);
	npu_op_stall(prog, npu_slot(0));
	return npu_program_finish(prog);
}

static int tear_down(void **state)
{
	npu_program_free(prog);
	npu_queue_free(queue);
	npu_vm_free(vm);
	assert_int_equal(fake.open_bos, 0);
	assert_int_equal(fake.open_queues, 0);
	assert_int_equal(fake.open_vms, 0);
	assert_int_equal(fake.open_syncobjs, 0);
	return fake_tear_down(state);
}

static uint64_t submit(uint64_t first, uint64_t second)
{
	const uint64_t args[] = { first, second };
	uint64_t point = 0;

	assert_int_equal(npu_submit(queue, prog, args, 2, 0, &point), 0);
	return point;
}

static const uint64_t *args_of(const struct drm_npu_job *job)
{
	uint64_t at = job->args - npu_bo_address(queue->args_bo);

	return (const void *)((const char *)queue->args_bo->map + at);
}

static void ban(uint32_t reason, uint32_t code, uint32_t err, uint64_t job)
{
	fake.state = (struct drm_npu_queue_get_state){
		.queue_id = 3,
		.state = DRM_NPU_QUEUE_BANNED,
		.ban_reason = reason,
		.error_code = code,
		.error_errno = err,
		.error_insn = 3,
		.error_operand = 1,
		.error_die = 0,
		.error_address = 0x1000,
		.error_cookie = job,
	};
}

static void test_a_job_says_what_to_run(void **state)
{
	const struct drm_npu_job *job = &fake.jobs[0];
	const uint64_t args[] = { 0x123000, 7 };
	uint64_t point = 0;

	(void)state;
	assert_int_equal(npu_submit(queue, prog, args, 2, 0xabc0, &point), 0);
	assert_int_equal(point, 1);
	assert_int_equal(job->queue_id, 3);
	assert_int_equal(job->flags, 0);
	assert_int_equal(job->program, npu_bo_address(prog->bo));
	assert_int_equal(job->program_size, 128);
	assert_int_equal(job->args_size, 16);
	assert_int_equal(job->args % 8, 0);
	assert_int_equal(job->report, 0xabc0);
	assert_memory_equal(args_of(job), args, sizeof(args));
}

static void test_points_count_the_jobs(void **state)
{
	uint64_t i;

	(void)state;
	for (i = 1; i <= 10; i++) {
		assert_int_equal(submit(0, 0), i);
		assert_int_equal(fake.syncs[i - 1].flags, DRM_NPU_SYNC_TIMELINE);
		assert_int_equal(fake.syncs[i - 1].handle, npu_queue_syncobj(queue));
		assert_int_equal(fake.syncs[i - 1].timeline_value, i);
	}
}

static void test_a_refused_job_takes_no_point(void **state)
{
	const uint64_t args[] = { 0, 0 };
	uint64_t point = 99;

	(void)state;
	fake.fail_request = DRM_IOCTL_NPU_SUBMIT;
	fake.fail_errno = ENOMEM;
	assert_int_equal(npu_submit(queue, prog, args, 2, 0, &point), -ENOMEM);
	assert_int_equal(point, 99);
	fake.fail_request = 0;
	assert_int_equal(submit(0, 0), 1);
}

static void test_the_point_need_not_be_told(void **state)
{
	const uint64_t args[] = { 0, 0 };

	(void)state;
	assert_int_equal(npu_submit(queue, prog, args, 2, 0, NULL), 0);
	assert_int_equal(submit(0, 0), 2);
}

static void test_a_wrong_number_of_arguments_is_refused(void **state)
{
	const uint64_t args[] = { 0, 0, 0 };

	(void)state;
	assert_int_equal(npu_submit(queue, prog, args, 1, 0, NULL), -EINVAL);
	assert_int_equal(npu_submit(queue, prog, args, 3, 0, NULL), -EINVAL);
	assert_text_has(npu_last_error(), "1 addresses and 1 scalars, not 3");
	assert_int_equal(fake.job_count, 0);
}

static void test_an_unfinished_program_is_refused(void **state)
{
	struct npu_program *raw;

	(void)state;
	assert_int_equal(npu_program_new(vm, &raw), 0);
	assert_int_equal(npu_submit(queue, raw, NULL, 0, 0, NULL), -EINVAL);
	npu_program_free(raw);
}

static void test_a_program_of_another_vm_is_refused(void **state)
{
	struct npu_program *other;
	struct npu_vm *vm2;

	(void)state;
	assert_int_equal(npu_vm_new(fake_device, &vm2), 0);
	assert_int_equal(npu_program_new(vm2, &other), 0);
	assert_int_equal(npu_program_finish(other), 0);
	assert_int_equal(npu_submit(queue, other, NULL, 0, 0, NULL), -EINVAL);
	npu_program_free(other);
	npu_vm_free(vm2);
}

static void test_no_arguments_no_block(void **state)
{
	struct npu_program *bare;

	(void)state;
	assert_int_equal(npu_program_new(vm, &bare), 0);
	assert_int_equal(npu_program_finish(bare), 0);
	assert_int_equal(npu_submit(queue, bare, NULL, 0, 0, NULL), 0);
	assert_int_equal(fake.jobs[0].args, 0);
	assert_int_equal(fake.jobs[0].args_size, 0);
	npu_program_free(bare);
}

static void test_arguments_in_flight_are_kept(void **state)
{
	uint64_t i;

	(void)state;
	for (i = 1; i <= NPU_ARGS_SLOTS; i++)
		submit(i, 2 * i);
	assert_int_equal(fake.waits, 0);
	for (i = 1; i <= NPU_ARGS_SLOTS; i++) {
		assert_int_equal(args_of(&fake.jobs[i - 1])[0], i);
		assert_int_equal(args_of(&fake.jobs[i - 1])[1], 2 * i);
	}
}

static void test_a_full_ring_waits_for_the_oldest_job(void **state)
{
	unsigned int i;

	(void)state;
	fake.end_on_wait = true;
	for (i = 0; i < NPU_ARGS_SLOTS + 1; i++)
		submit(i, 0);
	assert_int_equal(fake.waits, 1);
	assert_int_equal(fake.ended, 1);
}

static void test_ended_jobs_make_room_without_a_wait(void **state)
{
	unsigned int i;

	(void)state;
	fake.end_on_wait = true;
	for (i = 0; i < 5 * NPU_ARGS_SLOTS; i++) {
		submit(i, 0);
		fake.ended = i + 1;
	}
	assert_int_equal(fake.waits, 0);
}

static void test_waiting_for_a_good_job(void **state)
{
	uint64_t point = submit(0, 0);

	(void)state;
	fake.ended = point;
	assert_int_equal(npu_wait(queue, point, 0), 0);
}

static void test_waiting_is_over_in_time(void **state)
{
	uint64_t point = submit(0, 0);

	(void)state;
	assert_int_equal(npu_wait(queue, point, 0), -ETIME);
	assert_int_equal(npu_wait(queue, point, 1000000), -ETIME);
	assert_int_equal(npu_wait(queue, point, INT64_MAX), -ETIME);
	assert_text_has(npu_last_error(), "has not ended yet");
}

static void test_waiting_for_ever(void **state)
{
	uint64_t point = submit(0, 0);

	(void)state;
	fake.end_on_wait = true;
	assert_int_equal(npu_wait(queue, point, -1), 0);
	assert_int_equal(fake.waits, 1);
}

static void test_waiting_for_what_was_never_submitted(void **state)
{
	(void)state;
	submit(0, 0);
	fake.ended = 5;
	assert_int_equal(npu_wait(queue, 2, -1), -EINVAL);
	assert_text_has(npu_last_error(), "never submitted");
}

static void test_a_failed_job_tells_why(void **state)
{
	uint64_t point = submit(0, 0);

	(void)state;
	fake.ended = point;
	ban(DRM_NPU_BAN_FAULT, NPU_ERR_PAGE_FAULT, EFAULT, point);
	assert_int_equal(npu_wait(queue, point, -1), -EFAULT);
	assert_text_has(npu_last_error(), "PAGE_FAULT");
	assert_text_has(npu_last_error(), "instruction 3");
	assert_text_has(npu_last_error(), "operand 1");
	assert_text_has(npu_last_error(), "0x1000");
}

static void test_each_job_has_its_own_fate(void **state)
{
	(void)state;
	submit(0, 0);
	submit(0, 0);
	submit(0, 0);
	fake.ended = 3;
	ban(DRM_NPU_BAN_FAULT, NPU_ERR_INDEX, ERANGE, 2);
	assert_int_equal(npu_wait(queue, 3, -1), -ECANCELED);
	assert_int_equal(npu_wait(queue, 2, -1), -ERANGE);
	assert_int_equal(npu_wait(queue, 1, -1), 0);
	/* However often, and in any order. */
	assert_int_equal(npu_wait(queue, 2, -1), -ERANGE);
	assert_int_equal(npu_wait(queue, 1, -1), 0);
	assert_int_equal(npu_wait(queue, 3, -1), -ECANCELED);
}

static void test_what_was_good_stays_good(void **state)
{
	(void)state;
	submit(0, 0);
	submit(0, 0);
	fake.ended = 1;
	assert_int_equal(npu_wait(queue, 1, -1), 0);
	fake.ended = 2;
	ban(DRM_NPU_BAN_RESET, NPU_ERR_INNOCENT_RESET, EIO, 0);
	assert_int_equal(npu_wait(queue, 1, -1), 0);
	assert_int_equal(npu_wait(queue, 2, -1), -EIO);
}

static void test_a_job_that_ran_too_long(void **state)
{
	uint64_t point = submit(0, 0);

	(void)state;
	fake.ended = point;
	ban(DRM_NPU_BAN_TIMEOUT, NPU_ERR_STOPPED, ECANCELED, point);
	assert_int_equal(npu_wait(queue, point, -1), -ETIMEDOUT);
}

static void test_a_banned_queue_tells_why_it_takes_nothing(void **state)
{
	const uint64_t args[] = { 0, 0 };

	(void)state;
	submit(0, 0);
	fake.ended = 1;
	ban(DRM_NPU_BAN_FAULT, NPU_ERR_SHAPE, EINVAL, 1);
	fake.fail_request = DRM_IOCTL_NPU_SUBMIT;
	fake.fail_errno = ECANCELED;
	assert_int_equal(npu_submit(queue, prog, args, 2, 0, NULL), -ECANCELED);
	assert_text_has(npu_last_error(), "because of job 1");
	assert_text_has(npu_last_error(), "SHAPE");
}

static void test_a_card_that_is_gone(void **state)
{
	const uint64_t args[] = { 0, 0 };

	(void)state;
	submit(0, 0);
	fake.ended = 1;
	fake.fail_request = DRM_IOCTL_NPU_QUEUE_GET_STATE;
	fake.fail_errno = ENODEV;
	assert_int_equal(npu_wait(queue, 1, -1), -ENODEV);
	fake.fail_request = DRM_IOCTL_NPU_SUBMIT;
	assert_int_equal(npu_submit(queue, prog, args, 2, 0, NULL), -ENODEV);
}

static void test_a_queue_that_cannot_be_made(void **state)
{
	struct npu_queue *other = (void *)1;

	(void)state;
	fake.fail_request = DRM_IOCTL_NPU_QUEUE_CREATE;
	fake.fail_errno = EINVAL;
	assert_int_equal(npu_queue_new(vm, 0x100, 0, &other), -EINVAL);
	assert_null(other);
	assert_int_equal(fake.open_syncobjs, 1);
}

struct waiter {
	pthread_t thread;
	uint64_t point;
	int result;
	bool text_right;
};

static void *wait_often(void *arg)
{
	struct waiter *waiter = arg;
	char job[32];
	int i;

	snprintf(job, sizeof(job), "job %d", (int)waiter->point);
	waiter->text_right = true;
	for (i = 0; i < 2000; i++) {
		waiter->result = npu_wait(queue, waiter->point, -1);
		if (waiter->result && !strstr(npu_last_error(), job))
			waiter->text_right = false;
	}
	return NULL;
}

static void test_threads_learn_of_their_own_jobs(void **state)
{
	static const int want[] = { 0, 0, -EFAULT, -ECANCELED };
	struct waiter waiters[4];
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++)
		submit(0, 0);
	fake.ended = 4;
	ban(DRM_NPU_BAN_FAULT, NPU_ERR_PAGE_FAULT, EFAULT, 3);
	for (i = 0; i < 4; i++) {
		waiters[i].point = i + 1;
		assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_often,
						&waiters[i]),
				 0);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(waiters[i].thread, NULL);
		assert_int_equal(waiters[i].result, want[i]);
		assert_true(waiters[i].text_right);
	}
}

static void *submit_often(void *arg)
{
	const uint64_t args[] = { (uintptr_t)arg, 0 };
	unsigned int i;
	long bad = 0;

	for (i = 0; i < 200; i++)
		bad += npu_submit(queue, prog, args, 2, 0, NULL) != 0;
	return (void *)bad;
}

static void test_threads_share_a_queue(void **state)
{
	pthread_t thread[4];
	unsigned int i;
	void *bad;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, submit_often, NULL), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(fake.job_count, 800);
	for (i = 0; i < 800; i++)
		assert_int_equal(fake.syncs[i].timeline_value, i + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_job_says_what_to_run),
		TEST(test_points_count_the_jobs),
		TEST(test_a_refused_job_takes_no_point),
		TEST(test_the_point_need_not_be_told),
		TEST(test_a_wrong_number_of_arguments_is_refused),
		TEST(test_an_unfinished_program_is_refused),
		TEST(test_a_program_of_another_vm_is_refused),
		TEST(test_no_arguments_no_block),
		TEST(test_arguments_in_flight_are_kept),
		TEST(test_a_full_ring_waits_for_the_oldest_job),
		TEST(test_ended_jobs_make_room_without_a_wait),
		TEST(test_waiting_for_a_good_job),
		TEST(test_waiting_is_over_in_time),
		TEST(test_waiting_for_ever),
		TEST(test_waiting_for_what_was_never_submitted),
		TEST(test_a_failed_job_tells_why),
		TEST(test_each_job_has_its_own_fate),
		TEST(test_what_was_good_stays_good),
		TEST(test_a_job_that_ran_too_long),
		TEST(test_a_banned_queue_tells_why_it_takes_nothing),
		TEST(test_a_card_that_is_gone),
		TEST(test_a_queue_that_cannot_be_made),
		TEST(test_threads_learn_of_their_own_jobs),
		TEST(test_threads_share_a_queue),
	};

	return cmocka_run_group_tests_name("libnpu queues", tests, NULL, NULL);
}
