// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "npu_client.h"
#include "npu_device.h"
#include "npu_fence.h"
#include "npu_job.h"
#include "npu_queue.h"
#include "npu_reset.h"
#include "npu_trace.h"
#include "npu_vm.h"

#define NPU_QUEUE_DEFAULT_JOBS	64

/*
 * The scheduler's timer is only when to look at the executed time: a quarter of
 * the limit, so that a job is at most that much late.
 */
#define NPU_QUEUE_LOOK_MIN_MS	10
#define NPU_QUEUE_LOOK_MAX_MS	1000

/* Where queues are torn down: drained when the module goes. */
static struct workqueue_struct *npu_queue_wq;

/**
 * struct npu_queue_error - what an error code means
 * @code: &enum npu_error_code
 * @err: what the job at fault ends with, positive
 * @name: for the log
 * @text: for the log
 */
struct npu_queue_error {
	u32 code;
	int err;
	const char *name;
	const char *text;
};

static const struct npu_queue_error npu_queue_errors[] = {
#define NPU_QUEUE_ERROR_INFO(name, number, err, text) { number, err, #name, text },
	NPU_ERROR_TABLE(NPU_QUEUE_ERROR_INFO)
#undef NPU_QUEUE_ERROR_INFO
};

/* A card newer than the driver may have more codes. */
static const struct npu_queue_error *npu_queue_error_find(u32 code)
{
	static const struct npu_queue_error unknown = {
		.err = EIO,
		.name = "UNKNOWN",
		.text = "error code that the driver does not know",
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(npu_queue_errors); i++) {
		if (code && npu_queue_errors[i].code == code)
			return &npu_queue_errors[i];
	}
	return &unknown;
}

static void npu_queue_program_done(struct npu_queue *queue, u64 number, int error)
{
	struct npu_counters *counters = &queue->ring.ndev->counters;
	struct npu_client *client = queue->client;

	queue->completed++;
	atomic64_inc(error ? &counters->jobs_failed : &counters->jobs_completed);
	atomic64_inc(error ? &client->jobs_failed : &client->jobs_completed);
	trace_npu_job_done(queue, number, error);
}

static void npu_queue_job_done(struct npu_ring *ring, struct npu_fence *fence, int error)
{
	struct npu_queue *queue = to_npu_queue(ring);
	u64 culprit = queue->error.cookie, last = fence->base.seqno, number;

	for (number = last - fence->programs + 1; number < last; number++) {
		if (!error || number < culprit)
			npu_queue_program_done(queue, number, 0);
		else if (number == culprit)
			npu_queue_program_done(queue, number, -queue->error_errno);
		else
			npu_queue_program_done(queue, number, error);
	}
	npu_queue_program_done(queue, last, error);
}

/* Mark a queue dead and tell why; false if it is already. */
static bool npu_queue_bury(struct npu_queue *queue, u32 reason)
{
	lockdep_assert_held(&queue->ring.lock);
	if (queue->dead)
		return false;

	queue->dead = true;
	queue->ban_reason = reason;
	if (reason != DRM_NPU_BAN_NONE) {
		atomic64_inc(&queue->ring.ndev->counters.queue_bans);
		trace_npu_queue_ban(queue, reason);
	}
	return true;
}

/* The card has stopped the queue by itself; in an interrupt thread, under RCU. */
static void npu_queue_fault(struct npu_ring *ring)
{
	struct npu_queue *queue = to_npu_queue(ring);
	const struct npu_queue_error *why;

	if (npu_ring_state(ring) != NPU_QUEUE_ERRORED)
		return;

	spin_lock_irq(&ring->lock);
	if (ring->live && npu_queue_bury(queue, DRM_NPU_BAN_FAULT)) {
		npu_ring_error(ring, &queue->error);
		trace_npu_fault(queue, &queue->error);
		why = npu_queue_error_find(queue->error.code);
		drm_dbg(&ring->ndev->drm, "%s: job %llu: %s (%s) at %#llx\n", ring->name,
			queue->error.cookie, why->name, why->text, queue->error.address);
		queue->error_errno = why->err;
		atomic64_inc(&ring->ndev->counters.faults);
		npu_ring_update_locked(ring);
		npu_ring_cancel_locked(ring, queue->error.cookie, -queue->error_errno,
				       -ECANCELED);
	}
	spin_unlock_irq(&ring->lock);
}

static void npu_queue_free(struct npu_ring *ring)
{
	struct npu_queue *queue = to_npu_queue(ring);

	mutex_destroy(&queue->stop_lock);
	kfree_rcu(queue, rcu);
	module_put(THIS_MODULE);
}

static const struct npu_ring_ops npu_queue_ring_ops = {
	.done = npu_queue_job_done,
	.error = npu_queue_fault,
	.free = npu_queue_free,
};

/*
 * Stop the hardware and end what was on it; nothing is done on a card that is
 * gone, whose queues npu_queue_unplug_all() takes care of.
 */
static void npu_queue_shut(struct npu_queue *queue, int first)
{
	struct npu_ring *ring = &queue->ring;
	struct npu_device *ndev = ring->ndev;
	struct npu_error error = {};
	int idx, ret = 0;

	lockdep_assert_held(&queue->stop_lock);
	if (!drm_dev_enter(&ndev->drm, &idx))
		return;

	if (READ_ONCE(ring->live)) {
		ret = npu_ring_stop(ring);
		trace_npu_queue_stop(queue, ret);
		if (ret)
			npu_reset_card(ndev, "a queue did not stop");
		else
			npu_ring_error(ring, &error);
	}

	spin_lock_irq(&ring->lock);
	npu_ring_update_locked(ring);
	/* It may have been between two jobs: then the next one is not to blame. */
	if (!error.code && !ret)
		first = -ECANCELED;
	queue->error = error;
	queue->error_errno = -first;
	npu_ring_cancel_locked(ring, error.cookie, first, -ECANCELED);
	spin_unlock_irq(&ring->lock);
	drm_dev_exit(idx);
}

static bool npu_queue_bury_unlocked(struct npu_queue *queue, u32 reason)
{
	bool mine;

	spin_lock_irq(&queue->ring.lock);
	mine = npu_queue_bury(queue, reason);
	spin_unlock_irq(&queue->ring.lock);
	return mine;
}

/**
 * npu_queue_ban() - stop a queue for ever
 * @queue: queue
 * @reason: &enum drm_npu_ban_reason
 * @first: error of the job that the card is working on; those behind it end with
 *	-ECANCELED
 */
void npu_queue_ban(struct npu_queue *queue, u32 reason, int first)
{
	mutex_lock(&queue->stop_lock);
	if (npu_queue_bury_unlocked(queue, reason))
		npu_queue_shut(queue, first);
	mutex_unlock(&queue->stop_lock);
}

/* The card has forgotten the queue: it was reset, or is gone. */
static void npu_queue_lose(struct npu_queue *queue, u32 reason, int error)
{
	struct npu_ring *ring = &queue->ring;

	spin_lock_irq(&ring->lock);
	npu_ring_update_locked(ring);
	if (npu_queue_bury(queue, reason)) {
		queue->error_errno = -error;
		npu_ring_cancel_locked(ring, 0, error, error);
	} else if (reason == DRM_NPU_BAN_UNPLUGGED) {
		/* Whoever was about to stop it finds no card to ask. */
		npu_ring_cancel_locked(ring, 0, error, error);
	}
	ring->live = false;
	spin_unlock_irq(&ring->lock);
}

/* After a reset: @error for all jobs on the card. */
void npu_queue_lose_all(struct npu_device *ndev, u32 reason, int error)
{
	struct npu_ring *ring;
	unsigned long id;

	rcu_read_lock();
	xa_for_each_start(&ndev->rings, id, ring, 1)
		npu_queue_lose(to_npu_queue(ring), reason, error);
	rcu_read_unlock();
}

/*
 * The card is gone and no interrupt comes any more.  Rings must not stay mapped
 * for a device that does not exist.
 */
void npu_queue_unplug_all(struct npu_device *ndev)
{
	struct npu_queue *queue;
	struct npu_ring *ring;
	unsigned long id;

	npu_queue_lose_all(ndev, DRM_NPU_BAN_UNPLUGGED, -ENODEV);

	for (id = 1; (ring = npu_ring_find(ndev, &id)); npu_ring_put(ring)) {
		queue = to_npu_queue(ring);
		mutex_lock(&queue->stop_lock);
		npu_ring_free(ring);
		mutex_unlock(&queue->stop_lock);
	}
}

struct npu_queue *npu_queue_get(struct npu_queue *queue)
{
	kref_get(&queue->users);
	return queue;
}

/* The caller puts it; NULL if there is no such queue. */
struct npu_queue *npu_queue_lookup(struct npu_file *nfile, u32 id)
{
	struct npu_queue *queue;

	xa_lock(&nfile->queues);
	queue = xa_load(&nfile->queues, id);
	if (queue)
		npu_queue_get(queue);
	xa_unlock(&nfile->queues);
	return queue;
}

static void npu_queue_release_client(struct npu_client *client)
{
	if (atomic_dec_and_test(&client->queues))
		wake_up_all(&client->idle);
	npu_client_put(client);
}

static void npu_queue_release_work(struct work_struct *work)
{
	struct npu_queue *queue = container_of(work, struct npu_queue, release_work);

	drm_sched_entity_fini(&queue->entity);
	drm_sched_fini(&queue->sched);
	npu_vm_put(queue->vm);
	npu_queue_release_client(queue->client);
	npu_ring_put(&queue->ring);
}

static void npu_queue_release(struct kref *kref)
{
	struct npu_queue *queue = container_of(kref, struct npu_queue, users);

	queue_work(npu_queue_wq, &queue->release_work);
}

void npu_queue_put(struct npu_queue *queue)
{
	kref_put(&queue->users, npu_queue_release);
}

static u64 npu_queue_ring_busy(struct npu_queue *queue)
{
	struct npu_ring *ring = &queue->ring;
	u64 busy = 0;

	spin_lock_irq(&ring->lock);
	if (ring->live)
		busy = READ_ONCE(ring->record->device_time);
	spin_unlock_irq(&ring->lock);
	return busy * hweight32(queue->die_mask);
}

/* Device time of a file's queues, times their dies. */
u64 npu_queue_busy_ns(struct npu_file *nfile)
{
	struct npu_queue *queue;
	unsigned long id;
	u64 busy = 0;

	xa_lock(&nfile->queues);
	xa_for_each(&nfile->queues, id, queue)
		busy += npu_queue_ring_busy(queue);
	xa_unlock(&nfile->queues);
	return busy;
}

/*
 * Give back the hardware at once.  Jobs that have not reached it flow through the
 * scheduler as their dependencies allow, and end with -ECANCELED.
 */
static void npu_queue_destroy(struct npu_queue *queue)
{
	struct npu_ring *ring = &queue->ring;
	int idx;

	trace_npu_queue_destroy(queue);
	mutex_lock(&queue->stop_lock);
	npu_queue_bury_unlocked(queue, DRM_NPU_BAN_NONE);
	npu_queue_shut(queue, -ECANCELED);
	atomic64_add(npu_queue_ring_busy(queue), &queue->client->busy_ns);
	if (drm_dev_enter(&ring->ndev->drm, &idx)) {
		npu_ring_disable(ring);
		npu_ring_free(ring);
		drm_dev_exit(idx);
	}
	mutex_unlock(&queue->stop_lock);
	npu_queue_put(queue);
}

/* A file is being closed. Stop everything first, then wait for each. */
void npu_queue_destroy_all(struct npu_file *nfile)
{
	struct npu_queue *queue;
	unsigned long id;
	int idx;

	if (drm_dev_enter(&nfile->ndev->drm, &idx)) {
		xa_for_each(&nfile->queues, id, queue) {
			npu_queue_bury_unlocked(queue, DRM_NPU_BAN_NONE);
			npu_ring_stop_begin(&queue->ring);
		}
		drm_dev_exit(idx);
	}
	xa_for_each(&nfile->queues, id, queue) {
		xa_erase(&nfile->queues, id);
		npu_queue_destroy(queue);
	}
}

static int npu_queue_check_create(struct npu_device *ndev,
				  const struct drm_npu_queue_create *args)
{
	if (args->flags || args->pad)
		return -EINVAL;
	if (args->priority > DRM_NPU_QUEUE_PRIORITY_HIGH)
		return -EINVAL;
	if (args->priority != DRM_NPU_QUEUE_PRIORITY_NORMAL)
		return -EOPNOTSUPP;
	if (args->die_mask & ~npu_all_dies(ndev))
		return -EINVAL;
	if (args->timeout_ms > npu_device_timeout_ms(ndev))
		return -EINVAL;
	if (args->ring_jobs > npu_device_ring_max_jobs(ndev))
		return -EINVAL;
	return 0;
}

static int npu_queue_init_sched(struct npu_queue *queue, u32 jobs)
{
	struct npu_device *ndev = queue->ring.ndev;
	struct drm_gpu_scheduler *sched = &queue->sched;
	u32 look = clamp(queue->timeout_ms / 4, NPU_QUEUE_LOOK_MIN_MS,
			 NPU_QUEUE_LOOK_MAX_MS);
	int ret;

	ret = npu_compat_sched_init(sched, &npu_job_sched_ops, ndev->submit_wq,
				    ndev->timeout_wq, jobs * NPU_JOB_CREDITS,
				    msecs_to_jiffies(look), queue->ring.name,
				    ndev->drm.dev);
	if (ret)
		return ret;

	ret = drm_sched_entity_init(&queue->entity, DRM_SCHED_PRIORITY_KERNEL, &sched, 1,
				    NULL);
	if (ret)
		drm_sched_fini(sched);
	return ret;
}

static int npu_queue_start(struct npu_queue *queue)
{
	struct npu_device *ndev = queue->ring.ndev;
	const struct npu_ring_config config = {
		.root = npu_vm_root(queue->vm),
		.die_mask = queue->die_mask,
	};
	int idx, ret;

	if (!drm_dev_enter(&ndev->drm, &idx))
		return -ENODEV;

	/* A reset would not know of a queue that starts in the middle of it. */
	mutex_lock(&ndev->reset_lock);
	if (ndev->health != DRM_NPU_HEALTH_OK || npu_vm_is_lost(queue->vm))
		ret = -EIO;
	else
		ret = npu_ring_start(&queue->ring, &config);
	mutex_unlock(&ndev->reset_lock);
	drm_dev_exit(idx);
	return ret;
}

static struct npu_queue *npu_queue_create(struct npu_file *nfile, struct npu_vm *vm,
					  const struct drm_npu_queue_create *args)
{
	struct npu_device *ndev = nfile->ndev;
	u32 jobs = args->ring_jobs ?: NPU_QUEUE_DEFAULT_JOBS;
	struct npu_queue *queue;
	int ret;

	queue = kzalloc(sizeof(*queue), GFP_KERNEL_ACCOUNT);
	if (!queue)
		return ERR_PTR(-ENOMEM);

	npu_ring_init(&queue->ring, ndev, &npu_queue_ring_ops);
	kref_init(&queue->users);
	INIT_WORK(&queue->release_work, npu_queue_release_work);
	mutex_init(&queue->stop_lock);
	queue->vm = vm;
	queue->client = nfile->client;
	queue->die_mask = args->die_mask ?: npu_all_dies(ndev);
	queue->timeout_ms = args->timeout_ms ?: npu_device_timeout_ms(ndev);
	/* The card works on some while others are made. */
	queue->job_programs = max(jobs / 4, 1);

	/* One slot more: the head may lag behind the fence by one packet. */
	ret = npu_ring_alloc(&queue->ring, order_base_2(jobs * NPU_JOB_CREDITS + 1), 1,
			     ndev->info.queues - 1);
	if (ret)
		goto err_free;
	ret = npu_queue_init_sched(queue, jobs);
	if (ret)
		goto err_ring;
	ret = npu_queue_start(queue);
	if (ret)
		goto err_sched;

	/* From here on npu_queue_destroy() undoes everything. */
	__module_get(THIS_MODULE);
	npu_vm_get(vm);
	npu_client_get(nfile->client);
	atomic_inc(&nfile->client->queues);
	trace_npu_queue_create(queue);
	return queue;

err_sched:
	drm_sched_entity_fini(&queue->entity);
	drm_sched_fini(&queue->sched);
err_ring:
	npu_ring_free(&queue->ring);
err_free:
	mutex_destroy(&queue->stop_lock);
	kfree_rcu(queue, rcu);
	return ERR_PTR(ret);
}

int npu_ioctl_queue_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct npu_file *nfile = to_npu_file(file);
	struct drm_npu_queue_create *args = data;
	struct npu_queue *queue;
	struct npu_vm *vm;
	int ret;

	ret = npu_queue_check_create(nfile->ndev, args);
	if (ret)
		return ret;

	vm = npu_vm_lookup(nfile, args->vm_id);
	if (!vm)
		return -ENOENT;
	queue = npu_queue_create(nfile, vm, args);
	npu_vm_put(vm);
	if (IS_ERR(queue))
		return PTR_ERR(queue);

	ret = xa_alloc(&nfile->queues, &args->queue_id, queue, NPU_FILE_IDS, GFP_KERNEL);
	if (ret)
		npu_queue_destroy(queue);
	return ret;
}

int npu_ioctl_queue_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct npu_file *nfile = to_npu_file(file);
	struct drm_npu_queue_destroy *args = data;
	struct npu_queue *queue;

	if (args->pad)
		return -EINVAL;

	queue = xa_erase(&nfile->queues, args->queue_id);
	if (!queue)
		return -ENOENT;
	npu_queue_destroy(queue);
	return 0;
}

static void npu_queue_read_progress(struct npu_queue *queue,
				    struct drm_npu_queue_get_state *args)
{
	struct npu_ring *ring = &queue->ring;

	args->executing = 0;
	args->executed_ns = 0;
	if (ring->live && !queue->dead) {
		args->executing = npu_ring_state(ring) == NPU_QUEUE_EXECUTING;
		args->executed_ns = npu_ring_exec_time(ring);
	}
}

static void npu_queue_fill_error(struct npu_queue *queue,
				 struct drm_npu_queue_get_state *args)
{
	const struct npu_error *error = &queue->error;
	bool banned = queue->ban_reason != DRM_NPU_BAN_NONE;

	args->state = banned ? DRM_NPU_QUEUE_BANNED : DRM_NPU_QUEUE_USABLE;
	args->ban_reason = queue->ban_reason;
	args->error_code = error->code;
	args->error_errno = banned ? queue->error_errno : 0;
	args->error_insn = error->code ? error->insn : NPU_ERROR_NO_INSN;
	args->error_operand = error->code ? error->operand : NPU_NONE;
	args->error_die = error->code ? error->die : NPU_NONE;
	args->error_address = error->address;
	args->error_cookie = error->cookie;
	args->error_host_ns = error->host_time;
}

int npu_ioctl_queue_get_state(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct npu_file *nfile = to_npu_file(file);
	struct drm_npu_queue_get_state *args = data;
	struct npu_queue *queue;
	int idx;

	queue = npu_queue_lookup(nfile, args->queue_id);
	if (!queue)
		return -ENOENT;

	if (!drm_dev_enter(drm, &idx)) {
		npu_queue_put(queue);
		return -ENODEV;
	}

	mutex_lock(&nfile->submit_lock);
	args->jobs_submitted = queue->submitted;
	mutex_unlock(&nfile->submit_lock);

	/* A ban that is under way has no record yet. */
	mutex_lock(&queue->stop_lock);
	spin_lock_irq(&queue->ring.lock);
	npu_queue_fill_error(queue, args);
	npu_queue_read_progress(queue, args);
	args->jobs_completed = queue->completed;
	spin_unlock_irq(&queue->ring.lock);
	mutex_unlock(&queue->stop_lock);

	args->timeout_ms = queue->timeout_ms;
	args->die_mask = queue->die_mask;
	drm_dev_exit(idx);
	npu_queue_put(queue);
	return 0;
}

void npu_queue_print_all(struct npu_device *ndev, struct drm_printer *p)
{
	struct npu_ring *ring;
	unsigned long id;

	rcu_read_lock();
	xa_for_each_start(&ndev->rings, id, ring, 1) {
		struct npu_queue *queue = to_npu_queue(ring);

		spin_lock_irq(&ring->lock);
		drm_printf(p, "%s: dies %#x timeout %u ms packets %llu jobs ended %llu",
			   ring->name, queue->die_mask, queue->timeout_ms, ring->written,
			   queue->completed);
		drm_printf(p, " dead %d ban %u error %u\n", queue->dead,
			   queue->ban_reason, queue->error.code);
		spin_unlock_irq(&ring->lock);
	}
	rcu_read_unlock();
}

int npu_queue_module_init(void)
{
	npu_queue_wq = alloc_workqueue("npu-release", WQ_UNBOUND, 0);
	return npu_queue_wq ? 0 : -ENOMEM;
}

void npu_queue_module_exit(void)
{
	destroy_workqueue(npu_queue_wq);
	/* Fences and queues are freed under RCU. */
	rcu_barrier();
}
