/* How the evidence exports a function. */
#ifndef WANTTLS_TEST_EVIDENCE_H
#define WANTTLS_TEST_EVIDENCE_H

#include "shim.h"

#define EVIDENCE(result, name, ...)                               \
  result WT_EXPORT(name)(__VA_ARGS__);                            \
  result name(__VA_ARGS__)

#endif
