/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM npu

#if !defined(_NPU_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _NPU_TRACE_H_

#include <linux/tracepoint.h>

#include "npu_device.h"
#include "npu_queue.h"

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
	    TP_printk("dev=%s queue=%u reason=%u", __get_str(dev), __entry->queue,
		      __entry->reason)
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
	    TP_printk("dev=%s op=%u address=%#llx size=%#llx error=%d", __get_str(dev),
		      __entry->op, __entry->address, __entry->size, __entry->error)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE npu_trace
#include <trace/define_trace.h>
