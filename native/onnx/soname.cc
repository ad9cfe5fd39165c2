#include "onnx/soname.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace unreel::onnx {
namespace {

/// Addresses of whole pages, half-open.
struct Pages {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

/// Asks dl_iterate_phdr for the library that was loaded at `base`.
struct Search {
  std::uintptr_t base;
  Pages read_only;
};

std::uintptr_t page_of(std::uintptr_t address) {
  const auto size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  return address / size * size;
}

int look_at(dl_phdr_info* info, std::size_t, void* context) {
  Search& search = *static_cast<Search*>(context);
  if (info->dlpi_addr != search.base) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) & segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_GNU_RELRO) continue;
    const std::uintptr_t begin = search.base + segment.p_vaddr;
    search.read_only = {page_of(begin), page_of(begin + segment.p_memsz)};
  }
  return 1;
}

/// What the linker made read-only when it had relocated the library.
Pages relocated_read_only(const link_map& map) {
  Search search{map.l_addr, {}};
  dl_iterate_phdr(look_at, &search);
  return search.read_only;
}

}  // namespace

void hide_soname(void* handle) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) return;
  ElfW(Dyn)* entry = map->l_ld;
  while (entry->d_tag != DT_NULL && entry->d_tag != DT_SONAME) ++entry;
  if (entry->d_tag == DT_NULL) return;

  const auto address = reinterpret_cast<std::uintptr_t>(entry);
  const Pages pages = relocated_read_only(*map);
  const bool guarded = pages.begin <= address && address < pages.end;
  void* const begin = reinterpret_cast<void*>(pages.begin);
  if (guarded && mprotect(begin, pages.end - pages.begin, PROT_READ | PROT_WRITE) != 0) return;
  entry->d_un.d_val = 0;  // every string table begins with the empty string, which nobody needs
  if (guarded) mprotect(begin, pages.end - pages.begin, PROT_READ);
}

}  // namespace unreel::onnx
