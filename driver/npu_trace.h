/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM npu

#if !defined(_NPU_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _NPU_TRACE_H_

#include <linux/tracepoint.h>

#include "npu_device.h"
#include "npu_queue.h"

/* So that programs which read the events have the numbers, too. */
TRACE_DEFINE_ENUM(DRM_NPU_BAN_FAULT);
TRACE_DEFINE_ENUM(DRM_NPU_BAN_TIMEOUT);
TRACE_DEFINE_ENUM(DRM_NPU_BAN_RESET);
TRACE_DEFINE_ENUM(DRM_NPU_BAN_UNPLUGGED);
TRACE_DEFINE_ENUM(DRM_NPU_VM_BIND_OP_MAP);
TRACE_DEFINE_ENUM(DRM_NPU_VM_BIND_OP_UNMAP);

TRACE_EVENT(npu_queue_create,
	    TP_PROTO(struct npu_queue *queue),
	    TP_ARGS(queue),
	    TP_STRUCT__entry(__string(dev, dev_name(queue->ring.ndev->drm.dev))
			     __field(u32, queue)
			     __field(u32, dies)
			     __field(u32, slots)
			     __field(u32, timeout_ms)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->queue = queue->ring.id;
			   __entry->dies = queue->die_mask;
			   __entry->slots = 1u << queue->ring.order;
			   __entry->timeout_ms = queue->timeout_ms;),
	    TP_printk("dev=%s queue=%u dies=%#x slots=%u timeout=%u ms", __get_str(dev),
		      __entry->queue, __entry->dies, __entry->slots,
		      __entry->timeout_ms)
);

TRACE_EVENT(npu_queue_destroy,
	    TP_PROTO(struct npu_queue *queue),
	    TP_ARGS(queue),
	    TP_STRUCT__entry(__string(dev, dev_name(queue->ring.ndev->drm.dev))
			     __field(u32, queue)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->queue = queue->ring.id;),
	    TP_printk("dev=%s queue=%u", __get_str(dev), __entry->queue)
);

TRACE_EVENT(npu_queue_stop,
	    TP_PROTO(struct npu_queue *queue, int error),
	    TP_ARGS(queue, error),
	    TP_STRUCT__entry(__string(dev, dev_name(queue->ring.ndev->drm.dev))
			     __field(u32, queue)
			     __field(int, error)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->queue = queue->ring.id;
			   __entry->error = error;),
	    TP_printk("dev=%s queue=%u error=%d", __get_str(dev), __entry->queue,
		      __entry->error)
);

DECLARE_EVENT_CLASS(npu_job,
		    TP_PROTO(struct npu_queue *queue, u64 number),
		    TP_ARGS(queue, number),
		    TP_STRUCT__entry(__string(dev, dev_name(queue->ring.ndev->drm.dev))
				     __field(u32, queue)
				     __field(u64, number)),
		    TP_fast_assign(__assign_str(dev);
				   __entry->queue = queue->ring.id;
				   __entry->number = number;),
		    TP_printk("dev=%s queue=%u job=%llu", __get_str(dev),
			      __entry->queue, __entry->number)
);

DEFINE_EVENT(npu_job, npu_job_submit,
	     TP_PROTO(struct npu_queue *queue, u64 number),
	     TP_ARGS(queue, number)
);

DEFINE_EVENT(npu_job, npu_job_run,
	     TP_PROTO(struct npu_queue *queue, u64 number),
	     TP_ARGS(queue, number)
);

TRACE_EVENT(npu_job_done,
	    TP_PROTO(struct npu_queue *queue, u64 number, int error),
	    TP_ARGS(queue, number, error),
	    TP_STRUCT__entry(__string(dev, dev_name(queue->ring.ndev->drm.dev))
			     __field(u32, queue)
			     __field(u64, number)
			     __field(int, error)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->queue = queue->ring.id;
			   __entry->number = number;
			   __entry->error = error;),
	    TP_printk("dev=%s queue=%u job=%llu error=%d", __get_str(dev),
		      __entry->queue, __entry->number, __entry->error)
);

TRACE_EVENT(npu_queue_ban,
	    TP_PROTO(struct npu_queue *queue, u32 reason),
	    TP_ARGS(queue, reason),
	    TP_STRUCT__entry(__string(dev, dev_name(queue->ring.ndev->drm.dev))
			     __field(u32, queue)
			     __field(u32, reason)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->queue = queue->ring.id;
			   __entry->reason = reason;),
	    TP_printk("dev=%s queue=%u reason=%s", __get_str(dev), __entry->queue,
		      __print_symbolic(__entry->reason,
				       { DRM_NPU_BAN_FAULT, "fault" },
				       { DRM_NPU_BAN_TIMEOUT, "timeout" },
				       { DRM_NPU_BAN_RESET, "reset" },
				       { DRM_NPU_BAN_UNPLUGGED, "unplugged" }))
);

TRACE_EVENT(npu_fault,
	    TP_PROTO(struct npu_queue *queue, const struct npu_error *record),
	    TP_ARGS(queue, record),
	    TP_STRUCT__entry(__string(dev, dev_name(queue->ring.ndev->drm.dev))
			     __field(u32, queue)
			     __field(u64, number)
			     __field(u32, code)
			     __field(s32, insn)
			     __field(s32, operand)
			     __field(s32, die)
			     __field(u64, address)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->queue = queue->ring.id;
			   __entry->number = record->cookie;
			   __entry->code = record->code;
			   __entry->insn = record->insn;
			   __entry->operand = record->operand;
			   __entry->die = record->die;
			   __entry->address = record->address;),
	    TP_printk("dev=%s queue=%u job=%llu code=%u insn=%d operand=%d die=%d address=%#llx",
		      __get_str(dev), __entry->queue, __entry->number, __entry->code,
		      __entry->insn, __entry->operand, __entry->die, __entry->address)
);

TRACE_EVENT(npu_reset,
	    TP_PROTO(struct npu_device *ndev, const char *why),
	    TP_ARGS(ndev, why),
	    TP_STRUCT__entry(__string(dev, dev_name(ndev->drm.dev))
			     __string(why, why)),
	    TP_fast_assign(__assign_str(dev);
			   __assign_str(why);),
	    TP_printk("dev=%s why=%s", __get_str(dev), __get_str(why))
);

TRACE_EVENT(npu_reset_done,
	    TP_PROTO(struct npu_device *ndev, int error),
	    TP_ARGS(ndev, error),
	    TP_STRUCT__entry(__string(dev, dev_name(ndev->drm.dev))
			     __field(int, error)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->error = error;),
	    TP_printk("dev=%s error=%d", __get_str(dev), __entry->error)
);

TRACE_EVENT(npu_vm_bind,
	    TP_PROTO(struct npu_device *ndev, u32 op, u64 address, u64 size, int error),
	    TP_ARGS(ndev, op, address, size, error),
	    TP_STRUCT__entry(__string(dev, dev_name(ndev->drm.dev))
			     __field(u32, op)
			     __field(u64, address)
			     __field(u64, size)
			     __field(int, error)),
	    TP_fast_assign(__assign_str(dev);
			   __entry->op = op;
			   __entry->address = address;
			   __entry->size = size;
			   __entry->error = error;),
	    TP_printk("dev=%s op=%s address=%#llx size=%#llx bytes error=%d",
		      __get_str(dev),
		      __print_symbolic(__entry->op, { DRM_NPU_VM_BIND_OP_MAP, "map" },
				       { DRM_NPU_VM_BIND_OP_UNMAP, "unmap" }),
		      __entry->address, __entry->size, __entry->error)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE npu_trace
#include <trace/define_trace.h>
