/* How the files of this module export a function. */
#ifndef WANTTLS_EVIDENCE_H
#define WANTTLS_EVIDENCE_H

#include "shim.h"

#define EVIDENCE(result, name, ...)                               \
  result WT_EXPORT(name)(__VA_ARGS__);                            \
  result name(__VA_ARGS__)

#endif
