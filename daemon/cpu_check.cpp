// A sentence instead of SIGILL. Everything else is compiled for x86-64-v3; this file is compiled
// for any x86-64 (CMakeLists.txt) and runs before all other constructors of the program. It uses
// no header with inline functions: the linker could take another file's copy of one.
#include <unistd.h>

namespace {

// What GCC uses under -march=x86-64-v3; __builtin_cpu_supports also asks whether the system saves
// the wide registers.
bool HasX86_64V3() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx") != 0 && __builtin_cpu_supports("avx2") != 0 &&
         __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0 &&
         __builtin_cpu_supports("f16c") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("lzcnt") != 0 && __builtin_cpu_supports("movbe") != 0;
}

// 101 is the first priority that is not the implementation's own.
[[gnu::constructor(101)]] void RefuseOldProcessor() {
  if (HasX86_64V3()) return;
  static const char kSentence[] =
      "Sluice needs a processor with x86-64-v3 (AVX2, BMI2, FMA: Intel since Haswell, AMD since "
      "Excavator), and a system or virtual machine that passes it on. This one has not.\n";
  // Nothing can be done if even this cannot be written.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, kSentence, sizeof kSentence - 1);
  _exit(2);
}

}  // namespace
