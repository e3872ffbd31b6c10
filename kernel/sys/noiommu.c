/* Without an IOMMU these calls are refused, all alike. */
#include "sys/sys.h"

#define REFUSED_WITH(name)                                                         \
    enum error sys_##name(struct invocation *call, const struct name##_args *args) \
    {                                                                              \
        return (void)call, (void)args, ERR_UNSUPPORTED;                            \
    }
#define REFUSED(name) \
    enum error sys_##name(struct invocation *call) { return (void)call, ERR_UNSUPPORTED; }
REFUSED_WITH(iospace_map)
REFUSED_WITH(iospace_unmap)
REFUSED_WITH(iospace_attach)
REFUSED(iospace_detach)
REFUSED_WITH(iospace_watch)
REFUSED(iospace_fault)
REFUSED_WITH(control_msi)
REFUSED_WITH(control_device)
