// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>

#include <drm/drm_accel.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>

#include "npu_bind.h"
#include "npu_bo.h"
#include "npu_client.h"
#include "npu_compat.h"
#include "npu_device.h"
#include "npu_query.h"
#include "npu_queue.h"
#include "npu_reset.h"
#include "npu_submit.h"
#include "npu_vm.h"

static const struct drm_ioctl_desc npu_drv_ioctls[] = {
	DRM_IOCTL_DEF_DRV(NPU_QUERY, npu_ioctl_query, 0),
	DRM_IOCTL_DEF_DRV(NPU_BO_CREATE, npu_ioctl_bo_create, 0),
	DRM_IOCTL_DEF_DRV(NPU_BO_MMAP_OFFSET, npu_ioctl_bo_mmap_offset, 0),
	DRM_IOCTL_DEF_DRV(NPU_VM_CREATE, npu_ioctl_vm_create, 0),
	DRM_IOCTL_DEF_DRV(NPU_VM_DESTROY, npu_ioctl_vm_destroy, 0),
	DRM_IOCTL_DEF_DRV(NPU_VM_BIND, npu_ioctl_vm_bind, 0),
	DRM_IOCTL_DEF_DRV(NPU_VM_GET_STATE, npu_ioctl_vm_get_state, 0),
	DRM_IOCTL_DEF_DRV(NPU_QUEUE_CREATE, npu_ioctl_queue_create, 0),
	DRM_IOCTL_DEF_DRV(NPU_QUEUE_DESTROY, npu_ioctl_queue_destroy, 0),
	DRM_IOCTL_DEF_DRV(NPU_QUEUE_GET_STATE, npu_ioctl_queue_get_state, 0),
	DRM_IOCTL_DEF_DRV(NPU_SUBMIT, npu_ioctl_submit, 0),
};

static const struct file_operations npu_drv_fops = {
	.owner = THIS_MODULE,
	DRM_ACCEL_FOPS,
	.show_fdinfo = drm_show_fdinfo,
};

/*
 * Versions of the interface:
 * - 1.0 - buffers, address spaces, queues, SUBMIT
 */
static const struct drm_driver npu_drv_driver = {
	.driver_features = DRIVER_COMPUTE_ACCEL | DRIVER_GEM | DRIVER_GEM_GPUVA |
			   DRIVER_SYNCOBJ | DRIVER_SYNCOBJ_TIMELINE,
	.open = npu_client_open,
	.postclose = npu_client_close,
	.show_fdinfo = npu_client_show_fdinfo,
	.gem_prime_import = npu_bo_prime_import,
	.ioctls = npu_drv_ioctls,
	.num_ioctls = ARRAY_SIZE(npu_drv_ioctls),
	.fops = &npu_drv_fops,
	.name = DRM_NPU_DRIVER_NAME,
	.desc = "GPNPU inference card",
	NPU_DRIVER_DATE
	.major = DRM_NPU_DRIVER_MAJOR,
	.minor = DRM_NPU_DRIVER_MINOR,
};

static int npu_drv_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct npu_device *ndev;

	ndev = devm_drm_dev_alloc(&pdev->dev, &npu_drv_driver, struct npu_device, drm);
	if (IS_ERR(ndev))
		return PTR_ERR(ndev);

	pci_set_drvdata(pdev, ndev);
	return npu_device_init(ndev, pdev);
}

static void npu_drv_remove(struct pci_dev *pdev)
{
	npu_device_unplug(pci_get_drvdata(pdev));
}

/* HBM does not survive, and nobody saves it yet: rather refuse than lose it. */
static int npu_drv_suspend(struct device *dev)
{
	return -EOPNOTSUPP;
}

static DEFINE_SIMPLE_DEV_PM_OPS(npu_drv_pm_ops, npu_drv_suspend, NULL);

static const struct pci_device_id npu_drv_ids[] = {
	{ PCI_DEVICE(NPU_PCI_VENDOR_ID, NPU_PCI_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, npu_drv_ids);

static const struct pci_error_handlers npu_drv_err_handler = {
	.reset_prepare = npu_reset_prepare,
	.reset_done = npu_reset_finish,
};

static struct pci_driver npu_drv_pci_driver = {
	.name = DRM_NPU_DRIVER_NAME,
	.id_table = npu_drv_ids,
	.probe = npu_drv_probe,
	.remove = npu_drv_remove,
	.err_handler = &npu_drv_err_handler,
	.driver = {
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
		.pm = pm_sleep_ptr(&npu_drv_pm_ops),
	},
};

static int __init npu_drv_init(void)
{
	int ret;

	ret = npu_queue_module_init();
	if (ret)
		return ret;

	ret = pci_register_driver(&npu_drv_pci_driver);
	if (ret)
		npu_queue_module_exit();
	return ret;
}
module_init(npu_drv_init);

static void __exit npu_drv_exit(void)
{
	pci_unregister_driver(&npu_drv_pci_driver);
	npu_queue_module_exit();
}
module_exit(npu_drv_exit);

MODULE_AUTHOR("The GPNPU project");
MODULE_DESCRIPTION("DRM accel driver for GPNPU inference cards");
MODULE_LICENSE("GPL");
#ifdef NPU_VERSION
MODULE_VERSION(NPU_VERSION);
#endif
