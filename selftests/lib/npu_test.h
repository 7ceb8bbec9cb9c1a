/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share: raw calls on a card, small programs made by hand, fences,
 * and the machine around the card.
 *
 * Functions return 0 or a negative errno unless they say otherwise, so that a
 * test can compare with the errno that it expects.
 */
#ifndef NPU_TEST_H
#define NPU_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <drm/npu_accel.h>
#include <npu/isa.h>

#define NPT_KIB		1024ull
#define NPT_MIB		(1024ull * NPT_KIB)
#define NPT_GIB		(1024ull * NPT_MIB)
#define NPT_PAGE	4096ull

/* Longer than anything takes; whoever waits so long has failed. */
#define NPT_LIMIT_MS	15000

/* The harness ends a test after 30 s: too early with many cards, or a debug kernel. */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	900
#endif

/* Dies that a mask names. */
#define NPT_DIE(die)	(1u << (die))

/* ---- The card (card.c) -------------------------------------------------- */

/**
 * struct npt_card - where the kernel shows a card
 * @node: "/dev/accel/accel0"
 * @sysfs: "/sys/class/accel/accel0"
 * @pci: "0000:01:00.0"
 */
struct npt_card {
	char node[64];
	char sysfs[64];
	char pci[32];
};

/* The card under test: the one at PCI address $NPU_PCI, else the first. */
int npt_find(struct npt_card *card);
/* Opens the card under test; returns a file descriptor or -errno. */
int npt_open(void);
/* ioctl() without the retry that hides -EINTR. */
int npt_ioctl(int fd, unsigned long request, void *arg);

int npt_query(int fd, uint32_t type, void *data, uint32_t *size);
int npt_query_device(int fd, struct drm_npu_query_device *device);
/* Return how many, or -errno. */
int npt_query_dies(int fd, struct drm_npu_query_die dies[DRM_NPU_MAX_DIES]);
int npt_query_memory(int fd,
		     struct drm_npu_query_memory mem[DRM_NPU_MAX_DIES + 1]);
/* Bytes of HBM allocated, on all dies. */
uint64_t npt_hbm_used(int fd);
/*
 * Wait until this file is the card's only one and what others left behind has
 * been freed; *used is what is allocated then.
 */
bool npt_hbm_quiet(int fd, uint64_t *used);
/* Wait until no more than this is allocated: the last free may be a worker's. */
bool npt_hbm_settles(int fd, uint64_t used);

/* Wait until the card has so many open files: a process may be about to end. */
bool npt_clients_settle(int fd, unsigned int count);

/* ---- Its registers, behind the driver's back (regs.c) -------------------- */

/**
 * struct npt_regs - the registers of the card under test
 * @map: its first memory BAR, in words
 */
struct npt_regs {
	volatile uint32_t *map;
};

/* Wants root, and a kernel that lets it (iomem=relaxed). */
int npt_regs_map(struct npt_regs *regs);
void npt_regs_unmap(struct npt_regs *regs);
/* Stop the driver's own queue, between two packets: whether it did. */
bool npt_drivers_queue_stop(struct npt_regs *regs);
/* Then begin it anew, with a ring that the card refuses: the queue has failed. */
void npt_drivers_queue_fail(struct npt_regs *regs);

/* ---- What /proc says of a file (fdinfo.c) -------------------------------- */

/* As npt_read_file(). */
ssize_t npt_fdinfo_read(int fd, char *text, size_t size);
/* The value of a key, "" if there is none, until the next call. */
const char *npt_fdinfo(int fd, const char *key);
/* The value as a number, of bytes where it has a unit. */
uint64_t npt_fdinfo_amount(int fd, const char *key);
/* Wait until a file has so many queues: the end of one may be a worker's. */
bool npt_queues_settle(int fd, unsigned int count);

/* ---- Buffers and address spaces (bo.c) ---------------------------------- */

/**
 * struct npt_bo - a buffer
 * @handle: GEM handle
 * @size: bytes
 * @hbm_offset: as BO_CREATE told
 * @va: where it is bound
 * @map: the CPU's view
 */
struct npt_bo {
	uint32_t handle;
	uint64_t size;
	uint64_t hbm_offset;
	uint64_t va;
	void *map;
};

/**
 * struct npt_client - a file of the card with one address space
 * @fd: the file
 * @vm: the address space
 * @next_va: first address that npt_bo_new() has not used
 * @text: where programs and arguments lie
 * @text_used: bytes of it in use
 */
struct npt_client {
	int fd;
	uint32_t vm;
	uint64_t next_va;
	struct npt_bo text;
	uint64_t text_used;
};

int npt_client_open(struct npt_client *client);
void npt_client_close(struct npt_client *client);

int npt_bo_create(int fd, struct npt_bo *bo, uint64_t size, uint32_t placement,
		  uint32_t die_mask, uint32_t flags);
int npt_bo_mmap(int fd, struct npt_bo *bo);
void npt_bo_unmap(struct npt_bo *bo);
int npt_bo_close(int fd, struct npt_bo *bo);
/* Create, bind at an address of its own, and map for the CPU. */
int npt_bo_new(struct npt_client *client, struct npt_bo *bo, uint64_t size,
	       uint32_t placement, uint32_t die_mask, uint32_t flags);
/* Undo it. */
void npt_bo_free(struct npt_client *client, struct npt_bo *bo);

int npt_gem_close(int fd, uint32_t handle);
int npt_vm_create(int fd, uint32_t *vm);
int npt_vm_destroy(int fd, uint32_t vm);
int npt_vm_state(int fd, uint32_t vm, struct drm_npu_vm_get_state *state);
int npt_bind(int fd, uint32_t vm, const struct drm_npu_vm_bind_op *ops,
	     unsigned int count);
int npt_map(int fd, uint32_t vm, uint32_t handle, uint64_t bo_offset,
	    uint64_t va, uint64_t size, uint32_t flags);
int npt_unmap(int fd, uint32_t vm, uint64_t va, uint64_t size);

/* Whether all bytes are zero. */
bool npt_is_zero(const void *data, size_t size);
/* Whether all words are the pattern. */
bool npt_is_pattern(const void *data, size_t size, uint32_t pattern);
void npt_fill(void *data, size_t size, uint32_t pattern);

/* ---- Programs (program.c) ------------------------------------------------ */

#define NPT_MAX_INSNS	256
#define NPT_MAX_TENSORS	16

/**
 * struct npt_prog - a program in the making, open to any tampering
 * @header: header; its counts are kept by the functions below
 * @insn: instructions
 * @tensor: tensors
 */
struct npt_prog {
	struct npu_program_header header;
	struct npu_insn insn[NPT_MAX_INSNS];
	struct npu_tensor tensor[NPT_MAX_TENSORS];
};

/**
 * struct npt_code - a program in the card's memory
 * @va: address
 * @size: bytes
 */
struct npt_code {
	uint64_t va;
	uint32_t size;
};

void npt_prog_init(struct npt_prog *prog, unsigned int bases,
		   unsigned int scalars);
/* Dense tensors; they return the index. */
unsigned int npt_prog_vector(struct npt_prog *prog, unsigned int base,
			     uint32_t dtype, uint64_t count);
unsigned int npt_prog_matrix(struct npt_prog *prog, unsigned int base,
			     uint32_t dtype, uint64_t rows, uint64_t columns);
/* Add an instruction; operands that it does not have are NPU_NONE. */
struct npu_insn *npt_prog_insn(struct npt_prog *prog, uint16_t opcode,
			       uint16_t d, uint16_t a, uint16_t b);
struct npu_insn *npt_prog_stall(struct npt_prog *prog, uint32_t ms);
/* Copy data into the client's text; returns its address, 0 when that is full. */
uint64_t npt_push(struct npt_client *client, const void *data, size_t size);
int npt_prog_load(struct npt_client *client, const struct npt_prog *prog,
		  struct npt_code *code);

/* A stall of so many milliseconds, 0: until stopped. No arguments. */
int npt_code_stall(struct npt_client *client, uint32_t ms,
		   struct npt_code *code);
/* Fill so many words. Arguments: address, pattern. */
int npt_code_fill(struct npt_client *client, uint64_t words,
		  struct npt_code *code);
/* Copy so many words. Arguments: destination, source. */
int npt_code_copy(struct npt_client *client, uint64_t words,
		  struct npt_code *code);
/* x = x * m + k, words whose order tells. Arguments: x, m, k. */
int npt_code_step(struct npt_client *client, struct npt_code *code);

/* ---- Fences (sync.c) ----------------------------------------------------- */

int npt_sync_create(int fd, uint32_t flags, uint32_t *handle);
int npt_sync_destroy(int fd, uint32_t handle);
int npt_sync_signal(int fd, uint32_t handle);
int npt_sync_reset(int fd, uint32_t handle);
/* -ETIME when the time is over; says nothing of how the job ended. */
int npt_sync_wait(int fd, uint32_t handle, unsigned int ms);
int npt_point_wait(int fd, uint32_t handle, uint64_t point, unsigned int ms);
/* Also waits until there is something to wait for. */
int npt_point_wait_submit(int fd, uint32_t handle, uint64_t point,
			  unsigned int ms);
int npt_point_signal(int fd, uint32_t handle, uint64_t point);
int npt_point_query(int fd, uint32_t handle, uint64_t *point);
/* The syncobj itself, to hand to another process. */
int npt_sync_export(int fd, uint32_t handle, int *sync_fd);
int npt_sync_import(int fd, int sync_fd, uint32_t *handle);
/* The fence that it holds now, as a sync file. */
int npt_sync_file(int fd, uint32_t handle, int *file);
/* 1: ended well, 0: not yet, -errno: ended so. */
int npt_file_status(int file);
int npt_sync_status(int fd, uint32_t handle);
/* Wait, then say how it ended: 0, or -errno of the job; -EINPROGRESS: not yet. */
int npt_sync_result(int fd, uint32_t handle, unsigned int ms);

struct drm_npu_sync npt_binary(uint32_t handle);
struct drm_npu_sync npt_point(uint32_t handle, uint64_t point);

/* ---- Queues and jobs (job.c) --------------------------------------------- */

int npt_queue_create(struct npt_client *client, uint32_t die_mask,
		     uint32_t timeout_ms, uint32_t *queue);
int npt_queue_destroy(int fd, uint32_t queue);
int npt_queue_state(int fd, uint32_t queue,
		    struct drm_npu_queue_get_state *state);
/* Wait until the job at the head has had its gang, or all jobs have ended. */
bool npt_queue_executes(int fd, uint32_t queue);

struct drm_npu_job npt_job(uint32_t queue, const struct npt_code *code,
			   uint64_t args, uint32_t args_size);
void npt_job_in(struct drm_npu_job *job, const struct drm_npu_sync *syncs,
		unsigned int count);
void npt_job_out(struct drm_npu_job *job, const struct drm_npu_sync *syncs,
		 unsigned int count);
int npt_submit(int fd, struct drm_npu_job *jobs, unsigned int count);
/* Submit one that signals a binary syncobj, 0: none. args: words, may be NULL */
int npt_start(struct npt_client *client, uint32_t queue,
	      const struct npt_code *code, const uint64_t *args,
	      unsigned int arg_count, uint32_t out);
/* Submit one and wait: how it ended. */
int npt_run(struct npt_client *client, uint32_t queue,
	    const struct npt_code *code, const uint64_t *args,
	    unsigned int arg_count);
/* A client, a queue, a job with an answer that is looked at: all well? */
int npt_works(void);

/* ---- The machine (system.c) ---------------------------------------------- */

/* CLOCK_MONOTONIC. */
uint64_t npt_now_ns(void);
uint64_t npt_now_ms(void);
void npt_sleep_ms(unsigned int ms);
/* Poll until fn(arg) or the limit: whether it came true. */
bool npt_until(bool (*fn)(void *arg), void *arg, unsigned int ms);
int npt_write_file(const char *path, const char *text);
/* Reads at most size - 1 bytes and terminates; returns how many, or -errno. */
ssize_t npt_read_file(const char *path, char *text, size_t size);

/* Take the card from the bus; look for it again until it can be opened. */
int npt_pci_remove(const struct npt_card *card);
/* Reset its function, behind the driver's back but for what the kernel tells it. */
int npt_pci_reset(const struct npt_card *card);
int npt_pci_rescan(void);
int npt_module_unload(void);
int npt_module_load(void);
/* Lines in the kernel's log so far. */
uint64_t npt_kernel_lines(void);

/* Send a file descriptor through a socket, take one; it returns it or -errno. */
int npt_send_fd(int sock, int fd);
int npt_recv_fd(int sock);

/* ---- Memory that is refused (nomem.c) ------------------------------------ */

/* A file for the two below; -ENOENT: this kernel cannot refuse any. */
int npt_nomem_open(void);
/* The nth allocation that the kernel makes for this thread from now on fails. */
int npt_nomem_begin(int file, unsigned int nth);
/* No more; whether there were so many. */
bool npt_nomem_end(int file);

#endif
