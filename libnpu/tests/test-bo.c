// SPDX-License-Identifier: MIT
/* Address spaces and buffers, on a fake kernel. */
#include "fake.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct npu_vm *new_vm(void)
{
	struct npu_vm *vm;

	assert_int_equal(npu_vm_new(fake_device, &vm), 0);
	return vm;
}

static void test_a_vm_is_destroyed(void **state)
{
	struct npu_vm *vm = new_vm();

	(void)state;
	assert_int_equal(npu_vm_id(vm), 1);
	assert_int_equal(fake.open_vms, 1);
	npu_vm_free(vm);
	assert_int_equal(fake.open_vms, 0);
}

static void test_a_buffer_is_bound_whole(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_bo *bo;

	(void)state;
	assert_int_equal(npu_bo_new(vm, 5000, 0, 0, 0, &bo), 0);
	assert_int_equal(npu_bo_size(bo), 8192);
	assert_int_equal(npu_bo_handle(bo), 1);
	assert_int_equal(fake.bind_count, 1);
	assert_int_equal(fake.binds[0].op, DRM_NPU_VM_BIND_OP_MAP);
	assert_int_equal(fake.binds[0].flags, 0);
	assert_int_equal(fake.binds[0].handle, 1);
	assert_int_equal(fake.binds[0].size, 8192);
	assert_int_equal(fake.binds[0].address, npu_bo_address(bo));
	npu_bo_free(bo);
	assert_int_equal(fake.bind_count, 2);
	assert_int_equal(fake.binds[1].op, DRM_NPU_VM_BIND_OP_UNMAP);
	assert_int_equal(fake.binds[1].address, fake.binds[0].address);
	assert_int_equal(fake.binds[1].size, 8192);
	assert_int_equal(fake.open_bos, 0);
	npu_vm_free(vm);
}

static void test_low_addresses_are_never_bound(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_bo *bo;

	(void)state;
	assert_int_equal(npu_bo_new(vm, 4096, 0, 0, 0, &bo), 0);
	assert_true(npu_bo_address(bo) > UINT32_MAX);
	npu_bo_free(bo);
	npu_vm_free(vm);
}

static void test_neighbours_do_not_touch(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_bo *a, *b;

	(void)state;
	assert_int_equal(npu_bo_new(vm, 4096, 0, 0, 0, &a), 0);
	assert_int_equal(npu_bo_new(vm, 4096, 0, 0, 0, &b), 0);
	assert_true(npu_bo_address(b) > npu_bo_address(a) + npu_bo_size(a));
	npu_bo_free(a);
	npu_bo_free(b);
	npu_vm_free(vm);
}

static void test_large_buffers_are_aligned_for_large_leaves(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_bo *small, *big, *huge;

	(void)state;
	assert_int_equal(npu_bo_new(vm, 4096, 0, 0, 0, &small), 0);
	assert_int_equal(npu_bo_new(vm, 3 * MIB, 0, 0, 0, &big), 0);
	assert_int_equal(npu_bo_new(vm, 2 * GIB, 0, 0, 0, &huge), 0);
	assert_int_equal(npu_bo_address(big) % (2 * MIB), 0);
	assert_int_equal(npu_bo_address(huge) % GIB, 0);
	npu_bo_free(small);
	npu_bo_free(big);
	npu_bo_free(huge);
	npu_vm_free(vm);
}

static void test_the_cpu_sees_the_buffer(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_bo *a, *b;
	uint8_t *x, *y;

	(void)state;
	assert_int_equal(npu_bo_new(vm, 4096, 0, 0, 0, &a), 0);
	assert_int_equal(npu_bo_new(vm, 8192, 0, 0, 0, &b), 0);
	x = npu_bo_map(a);
	y = npu_bo_map(b);
	assert_non_null(x);
	assert_non_null(y);
	assert_ptr_equal(npu_bo_map(a), x);
	memset(x, 1, 4096);
	memset(y, 2, 8192);
	assert_int_equal(x[4095], 1);
	assert_int_equal(y[0], 2);
	npu_bo_free(a);
	npu_bo_free(b);
	npu_vm_free(vm);
}

static void test_a_mapping_that_is_refused(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_bo *bo;

	(void)state;
	assert_int_equal(npu_bo_new(vm, 4096, 0, 0, DRM_NPU_BO_NO_CPU_ACCESS, &bo), 0);
	fake.fail_request = DRM_IOCTL_NPU_BO_MMAP_OFFSET;
	fake.fail_errno = EPERM;
	assert_null(npu_bo_map(bo));
	assert_int_equal(errno, EPERM);
	npu_bo_free(bo);
	npu_vm_free(vm);
}

static void test_full_memory_leaves_nothing_behind(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_bo *bo = (void *)1;

	(void)state;
	fake.fail_request = DRM_IOCTL_NPU_BO_CREATE;
	fake.fail_errno = ENOSPC;
	assert_int_equal(npu_bo_new(vm, 123456, 0, 0, 0, &bo), -ENOSPC);
	assert_null(bo);
	assert_text_has(npu_last_error(), "123456 bytes");
	assert_int_equal(fake.open_bos, 0);
	assert_ptr_equal(vm->va.ring.next, &vm->va.ring);
	npu_vm_free(vm);
}

static void test_a_failed_bind_leaves_nothing_behind(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_bo *bo;

	(void)state;
	fake.fail_request = DRM_IOCTL_NPU_VM_BIND;
	fake.fail_errno = ENOMEM;
	assert_int_equal(npu_bo_new(vm, 4096, 0, 0, 0, &bo), -ENOMEM);
	assert_int_equal(fake.open_bos, 0);
	assert_ptr_equal(vm->va.ring.next, &vm->va.ring);
	npu_vm_free(vm);
}

static void test_a_program_lies_in_the_card_read_only(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_program *prog;
	const void *image;
	size_t size;

	(void)state;
	assert_int_equal(npu_program_new(vm, &prog), 0);
	npu_op_stall(prog, npu_u32(1));
	assert_int_equal(npu_program_finish(prog), 0);
	assert_int_equal(fake.bind_count, 1);
	assert_int_equal(fake.binds[0].flags, DRM_NPU_VM_BIND_OP_READONLY);
	image = npu_program_image(prog, &size);
	assert_int_equal(size, 128);
	assert_memory_equal(npu_bo_map(prog->bo), image, size);
	npu_program_free(prog);
	assert_int_equal(fake.open_bos, 0);
	npu_vm_free(vm);
}

static void test_a_program_that_finds_no_room(void **state)
{
	struct npu_vm *vm = new_vm();
	struct npu_program *prog;

	(void)state;
	assert_int_equal(npu_program_new(vm, &prog), 0);
	fake.fail_request = DRM_IOCTL_NPU_BO_CREATE;
	fake.fail_errno = ENOSPC;
	assert_int_equal(npu_program_finish(prog), -ENOSPC);
	assert_int_equal(npu_program_finish(prog), -ENOSPC);
	npu_program_free(prog);
	npu_vm_free(vm);
}

static void test_a_query_that_is_refused(void **state)
{
	uint64_t buffer[4];
	uint32_t size = sizeof(buffer);

	(void)state;
	fake.fail_request = DRM_IOCTL_NPU_QUERY;
	fake.fail_errno = EINVAL;
	assert_int_equal(npu_device_query(fake_device, 99, buffer, &size), -EINVAL);
	assert_text_has(npu_last_error(), "query 99");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_vm_is_destroyed),
		TEST(test_a_buffer_is_bound_whole),
		TEST(test_low_addresses_are_never_bound),
		TEST(test_neighbours_do_not_touch),
		TEST(test_large_buffers_are_aligned_for_large_leaves),
		TEST(test_the_cpu_sees_the_buffer),
		TEST(test_a_mapping_that_is_refused),
		TEST(test_full_memory_leaves_nothing_behind),
		TEST(test_a_failed_bind_leaves_nothing_behind),
		TEST(test_a_program_lies_in_the_card_read_only),
		TEST(test_a_program_that_finds_no_room),
		TEST(test_a_query_that_is_refused),
	};

	return cmocka_run_group_tests_name("libnpu buffers", tests, NULL, NULL);
}
