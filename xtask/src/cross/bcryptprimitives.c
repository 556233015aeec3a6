/* What Wine before 8.4 lacks of Windows 10: the source of randomness that Rust's programs ask. It hands
   on to the older one, which Wine has. */
#include <windows.h>

#define AT_ONCE 0x10000000u

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    while (length > 0) {
        ULONG part = length > AT_ONCE ? AT_ONCE : (ULONG)length;
        if (!SystemFunction036(data, part)) {
            return FALSE;
        }
        data += part;
        length -= part;
    }
    return TRUE;
}
