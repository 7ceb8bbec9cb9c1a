/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NPU card as a PCI Express function: one QOM type a card model.
 *
 *   qemu-system-x86_64 -M q35 -cpu max -m 4G \
 *       -device pcie-root-port,id=port0,chassis=1 \
 *       -device npu-x6000,bus=port0
 *
 * with fewer dies, less memory, and that memory in a file:
 *
 *       -object memory-backend-file,id=hbm0,mem-path=FILE,size=2G,share=on \
 *       -device npu-dv200d,bus=port0,dies=4,memdev=hbm0
 *
 * Documentation/qemu-device.rst has the properties.  This is only the front end:
 * the card itself is in core/, what its dies compute in compute/.
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/host-utils.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_aer.h"
#include "hw/qdev-properties.h"
#include "migration/blocker.h"
#include "migration/vmstate.h"
#include "../trace.h"

#include "npu-pci.h"

/* Where the capabilities are in configuration space. */
#define NPU_CAP_PM 0x40
#define NPU_CAP_MSIX 0x50
#define NPU_CAP_EXP 0x80
#define NPU_CAP_AER 0x100
#define NPU_CAP_DSN 0x150

#define NPU_MSIX_BAR_SIZE (4 * KiB)
#define NPU_MSIX_PBA (2 * KiB)

#define NPU_HBM_GRANULE (2 * MiB) /* of each die's range */
#define NPU_HBM_MAX (1 * TiB)
#define NPU_THREADS_MAX 256

/* ---- Registers ----------------------------------------------------------- */

/* A CPU that had to wait for the BQL may find that the card has been pulled. */
static uint64_t npu_regs_read(void *opaque, hwaddr offset, unsigned size)
{
    NPUState *s = opaque;
    uint64_t value = s->card ? npu_card_mmio_read(s->card, offset, size) :
                               ~0ull;

    trace_npu_read_mmio(s->parent_obj.name, offset, size, value);
    return value;
}

static void npu_regs_write(void *opaque, hwaddr offset, uint64_t value,
                           unsigned size)
{
    NPUState *s = opaque;

    trace_npu_write_mmio(s->parent_obj.name, offset, size, value);
    if (s->card) {
        npu_card_mmio_write(s->card, offset, value, size);
        npu_host_deliver_vectors(&s->host);
    }
}

static const MemoryRegionOps npu_regs_ops = {
    .read = npu_regs_read,
    .write = npu_regs_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* The card itself says what it makes of odd sizes. */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* ---- Configuration space ------------------------------------------------- */

static bool npu_check_bus(PCIDevice *pdev, Error **errp)
{
    if (!pci_bus_is_express(pci_get_bus(pdev))) {
        error_setg(errp,
                   "%s needs a PCI Express bus, such as that of a "
                   "pcie-root-port",
                   object_get_typename(OBJECT(pdev)));
        return false;
    }
    return true;
}

static bool npu_init_pm(PCIDevice *pdev, Error **errp)
{
    int at = pci_pm_init(pdev, NPU_CAP_PM, errp);

    if (at < 0) {
        return false;
    }
    pci_set_word(pdev->config + at + PCI_PM_PMC, PCI_PM_CAP_VER_1_2);
    pci_set_word(pdev->config + at + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(pdev->wmask + at + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
    return true;
}

static bool npu_init_express(NPUState *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    if (pcie_endpoint_cap_init(pdev, NPU_CAP_EXP) < 0) {
        error_setg(errp, "no room for the PCI Express capability");
        return false;
    }
    if (!pci_bus_is_root(pci_get_bus(pdev))) {
        pcie_cap_fill_link_ep_usp(pdev, QEMU_PCI_EXP_LNK_X16,
                                  QEMU_PCI_EXP_LNK_32GT);
    }
    pcie_cap_deverr_init(pdev);
    pcie_cap_flr_init(pdev);
    if (pcie_aer_init(pdev, PCI_ERR_VER, NPU_CAP_AER, PCI_ERR_SIZEOF, errp) <
        0) {
        pcie_cap_exit(pdev);
        return false;
    }
    pcie_dev_ser_num_init(pdev, NPU_CAP_DSN, s->serial);
    return true;
}

static void npu_exit_express(PCIDevice *pdev)
{
    pcie_aer_exit(pdev);
    pcie_cap_exit(pdev);
}

static bool npu_init_msix(NPUState *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    memory_region_init(&s->msix_bar, OBJECT(s), "npu-msix", NPU_MSIX_BAR_SIZE);
    if (msix_init(pdev, NPU_MAX_VECTORS, &s->msix_bar, NPU_BAR_MSIX, 0,
                  &s->msix_bar, NPU_BAR_MSIX, NPU_MSIX_PBA, NPU_CAP_MSIX,
                  errp)) {
        return false;
    }
    for (unsigned vector = 0; vector < NPU_MAX_VECTORS; vector++) {
        msix_vector_use(pdev, vector);
    }
    pci_register_bar(pdev, NPU_BAR_MSIX,
                     PCI_BASE_ADDRESS_SPACE_MEMORY |
                         PCI_BASE_ADDRESS_MEM_TYPE_64,
                     &s->msix_bar);
    return true;
}

static void npu_exit_msix(NPUState *s)
{
    msix_unuse_all_vectors(PCI_DEVICE(s));
    msix_uninit(PCI_DEVICE(s), &s->msix_bar, &s->msix_bar);
}

static void npu_register_bars(NPUState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    memory_region_init_io(&s->regs, OBJECT(s), &npu_regs_ops, s, "npu-regs",
                          NPU_BAR_REGS_SIZE);
    pci_register_bar(pdev, NPU_BAR_REGS,
                     PCI_BASE_ADDRESS_SPACE_MEMORY |
                         PCI_BASE_ADDRESS_MEM_TYPE_64,
                     &s->regs);

    memory_region_init(&s->hbm_bar, OBJECT(s), "npu-hbm-bar",
                       pow2ceil(s->hbm_size));
    memory_region_add_subregion(&s->hbm_bar, 0, s->hbm);
    pci_register_bar(pdev, NPU_BAR_HBM,
                     PCI_BASE_ADDRESS_SPACE_MEMORY |
                         PCI_BASE_ADDRESS_MEM_TYPE_64 |
                         PCI_BASE_ADDRESS_MEM_PREFETCH,
                     &s->hbm_bar);
}

static void npu_write_config(PCIDevice *pdev, uint32_t address, uint32_t value,
                             int size)
{
    pci_default_write_config(pdev, address, value, size);
    pcie_aer_write_config(pdev, address, value, size);
    pcie_cap_flr_write_config(pdev, address, value, size);
}

/* ---- Geometry and memory ------------------------------------------------- */

static bool npu_check_hbm_size(const NPUState *s, uint64_t size,
                               const char *property, Error **errp)
{
    uint64_t unit = s->dies * NPU_HBM_GRANULE;
    g_autofree char *is = size_to_str(size);
    g_autofree char *want = size_to_str(unit);

    if (!size || size % unit || size > NPU_HBM_MAX) {
        error_setg(errp,
                   "%s: %s of HBM cannot be shared by %u dies: it must be "
                   "a multiple of %s, at most 1 TiB",
                   property, is, s->dies, want);
        return false;
    }
    return true;
}

static bool npu_check_geometry(NPUState *s, Error **errp)
{
    const struct npu_profile *profile = NPU_CARD_GET_CLASS(s)->profile;

    if (!s->dies) {
        s->dies = profile->dies;
    }
    if (s->dies > profile->dies) {
        error_setg(errp, "dies: %u is out of range: a %s has 1 to %u", s->dies,
                   profile->type, profile->dies);
        return false;
    }
    if (s->threads > NPU_THREADS_MAX) {
        error_setg(errp,
                   "threads: %u is out of range: 1 to %u, or 0 for one "
                   "per host CPU",
                   s->threads, NPU_THREADS_MAX);
        return false;
    }
    return true;
}

/* The same on each boot of the same command line, different for each card. */
static void npu_choose_serial(NPUState *s)
{
    if (!s->serial) {
        g_autofree char *path = qdev_get_dev_path(DEVICE(s));

        s->serial = (uint64_t)NPU_CARD_GET_CLASS(s)->profile->id << 32 |
                    g_str_hash(path);
    }
}

static bool npu_take_memdev(NPUState *s, Error **errp)
{
    const char *id = object_get_canonical_path_component(OBJECT(s->memdev));
    MemoryRegion *mr = host_memory_backend_get_memory(s->memdev);

    if (s->hbm_size) {
        error_setg(errp, "hbm= and memdev= exclude each other: the size of the "
                         "memory backend counts");
        return false;
    }
    if (host_memory_backend_is_mapped(s->memdev)) {
        error_setg(errp, "memdev: memory backend %s is already in use", id);
        return false;
    }
    if (!npu_check_hbm_size(s, memory_region_size(mr), "memdev", errp)) {
        return false;
    }
    host_memory_backend_set_mapped(s->memdev, true);
    s->hbm = mr;
    s->hbm_size = memory_region_size(mr);
    return true;
}

static bool npu_make_hbm(NPUState *s, Error **errp)
{
    uint64_t size = s->hbm_size;

    if (!size) {
        size = NPU_CARD_GET_CLASS(s)->profile->hbm_size;
    }
    if (!npu_check_hbm_size(s, size, "hbm", errp)) {
        return false;
    }
    /* Sparse: the host gives pages when they are written to. */
    if (!memory_region_init_ram_flags_nomigrate(&s->own_hbm, OBJECT(s),
                                                "npu-hbm", size, RAM_NORESERVE,
                                                errp)) {
        return false;
    }
    s->hbm = &s->own_hbm;
    s->hbm_size = size;
    return true;
}

static bool npu_init_hbm(NPUState *s, Error **errp)
{
    if (s->memdev ? !npu_take_memdev(s, errp) : !npu_make_hbm(s, errp)) {
        return false;
    }
    vmstate_register_ram(s->hbm, DEVICE(s));
    return true;
}

static void npu_exit_hbm(NPUState *s)
{
    /* The BAR holds a reference to the HBM's owner, which may be this device. */
    memory_region_del_subregion(&s->hbm_bar, s->hbm);
    vmstate_unregister_ram(s->hbm, DEVICE(s));
    if (s->memdev) {
        host_memory_backend_set_mapped(s->memdev, false);
    }
}

/* ---- The card ------------------------------------------------------------ */

static void npu_vm_state_changed(void *opaque, bool running, RunState state)
{
    NPUState *s = opaque;

    if (running == !s->quiesced) {
        return;
    }
    s->quiesced = !running;
    if (running) {
        npu_card_resume(s->card);
    } else {
        npu_card_quiesce(s->card);
    }
}

static bool npu_init_card(NPUState *s, Error **errp)
{
    struct npu_card_config config = {
        .profile = NPU_CARD_GET_CLASS(s)->profile->id,
        .dies = s->dies,
        .threads = s->threads,
        .serial = s->serial,
        .hbm = memory_region_get_ram_ptr(s->hbm),
        .hbm_size = s->hbm_size,
        .ops = &npu_host_ops,
        .opaque = s,
        .pool = npu_host_pool_get(),
    };
    const char *why = "no memory for the worker pool";

    npu_host_init(&s->host, PCI_DEVICE(s));
    npu_dma_setup(&s->dma, PCI_DEVICE(s), s->hbm);
    s->card = config.pool ? npu_card_new(&config, &why) : NULL;
    if (!s->card) {
        error_setg(errp, "%s: %s", object_get_typename(OBJECT(s)), why);
        npu_dma_cleanup(&s->dma);
        npu_host_cleanup(&s->host);
        if (config.pool) {
            npu_host_pool_put();
        }
        return false;
    }
    npu_dma_open(&s->dma, s->card);
    s->quiesced = false;
    s->vm_state = qdev_add_vm_change_state_handler(DEVICE(s),
                                                   npu_vm_state_changed, s);
    return true;
}

static void npu_exit_card(NPUState *s)
{
    qemu_del_vm_change_state_handler(s->vm_state);
    npu_dma_close(&s->dma);
    npu_card_free(s->card);
    s->card = NULL;
    npu_host_pool_put();
    npu_dma_cleanup(&s->dma);
    npu_host_cleanup(&s->host);
}

/* State that is not saved yet must not get lost in silence. */
static bool npu_refuse_migration(NPUState *s, Error **errp)
{
    error_setg(&s->migration_blocker,
               "%s: the state of the card cannot be "
               "saved or migrated yet",
               object_get_typename(OBJECT(s)));
    return !migrate_add_blocker(&s->migration_blocker, errp);
}

/* ---- The device ---------------------------------------------------------- */

static void npu_realize(PCIDevice *pdev, Error **errp)
{
    NPUState *s = NPU_CARD(pdev);

    if (!npu_check_bus(pdev, errp) || !npu_check_geometry(s, errp)) {
        return;
    }
    npu_choose_serial(s);
    if (!npu_refuse_migration(s, errp)) {
        return;
    }
    if (!npu_init_hbm(s, errp)) {
        goto err_blocker;
    }
    npu_register_bars(s);
    if (!npu_init_pm(pdev, errp) || !npu_init_express(s, errp)) {
        goto err_hbm;
    }
    if (!npu_init_msix(s, errp)) {
        goto err_express;
    }
    if (!npu_init_card(s, errp)) {
        goto err_msix;
    }
    trace_npu_realize_card(pdev->name, NPU_CARD_GET_CLASS(s)->profile->model,
                           s->dies, s->hbm_size);
    return;

err_msix:
    npu_exit_msix(s);
err_express:
    npu_exit_express(pdev);
err_hbm:
    npu_exit_hbm(s);
err_blocker:
    migrate_del_blocker(&s->migration_blocker);
}

static void npu_exit(PCIDevice *pdev)
{
    NPUState *s = NPU_CARD(pdev);

    trace_npu_unrealize_card(pdev->name);
    npu_exit_card(s);
    npu_exit_msix(s);
    npu_exit_express(pdev);
    npu_exit_hbm(s);
    migrate_del_blocker(&s->migration_blocker);
}

static void npu_reset_hold(Object *obj, ResetType type)
{
    NPUState *s = NPU_CARD(obj);

    trace_npu_reset_card(s->parent_obj.name);
    npu_card_reset(s->card);
    npu_host_forget_vectors(&s->host);
}

static const Property npu_properties[] = {
    DEFINE_PROP_UINT32("dies", NPUState, dies, 0),
    DEFINE_PROP_SIZE("hbm", NPUState, hbm_size, 0),
    DEFINE_PROP_LINK("memdev", NPUState, memdev, TYPE_MEMORY_BACKEND,
                     HostMemoryBackend *),
    DEFINE_PROP_UINT32("threads", NPUState, threads, 0),
    DEFINE_PROP_UINT64("serial", NPUState, serial, 0),
};

static void npu_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);

    pc->realize = npu_realize;
    pc->exit = npu_exit;
    pc->config_write = npu_write_config;
    pc->vendor_id = NPU_PCI_VENDOR_ID;
    pc->device_id = NPU_PCI_DEVICE_ID;
    pc->class_id = NPU_PCI_CLASS >> 8;

    RESETTABLE_CLASS(oc)->phases.hold = npu_reset_hold;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, npu_properties);
    object_class_property_set_description(
        oc, "dies", "Compute dies; 0: as many as the model has");
    object_class_property_set_description(
        oc, "hbm", "Bytes of HBM, sparse; 0: as much as the model has");
    object_class_property_set_description(
        oc, "memdev", "Memory backend that is the HBM, in place of hbm");
    object_class_property_set_description(
        oc, "threads",
        "Host threads that compute; 0: one per host CPU, at most one per die");
    object_class_property_set_description(
        oc, "serial", "Serial number; 0: made from the place in the machine");
}

static void npu_model_class_init(ObjectClass *oc, void *data)
{
    const struct npu_profile *profile = data;

    NPU_CARD_CLASS(oc)->profile = profile;
    DEVICE_CLASS(oc)->desc = g_strdup_printf("%s NPU card, %u dies",
                                             profile->model, profile->dies);
}

static const TypeInfo npu_card_info = {
    .name = TYPE_NPU_CARD,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(NPUState),
    .class_size = sizeof(NPUClass),
    .class_init = npu_class_init,
    .abstract = true,
    .interfaces = (InterfaceInfo[]){ { INTERFACE_PCIE_DEVICE }, {} },
};

static void npu_register_types(void)
{
    type_register_static(&npu_card_info);
    for (unsigned i = 0; i < npu_profile_count; i++) {
        TypeInfo model = {
            .name = npu_profiles[i].type,
            .parent = TYPE_NPU_CARD,
            .class_init = npu_model_class_init,
            .class_data = (void *)&npu_profiles[i],
        };

        type_register_static(&model);
    }
}

type_init(npu_register_types)
