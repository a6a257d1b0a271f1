# Flags that every target shares. The instruction set is the same in every preset, so that the
# presets agree to the bit; policy/ adds -ffp-contract=off for the same reason (policy/CMakeLists.txt).
add_compile_options(-march=x86-64-v3 -mtune=generic -Wall -Wextra -Wpedantic -fno-omit-frame-pointer)
# Options are built as {.alpha = 1.0}; the fields that are left out have defaults.
add_compile_options(-Wno-missing-field-initializers)
# g++ 12 sees overlapping copies in std::string's operator+ where there are none (GCC bug 105651).
add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(SLUICE_WERROR)
  add_compile_options(-Werror)
endif()
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  # Under sanitizers g++ 12 sees uninitialised values in <regex> and boost::optional where there are
  # none, and warns of Asio's fences, which ThreadSanitizer ignores; a mutex orders what they order.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
                      $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()

# A folder's library. Includes are written from the repository's root: "policy/types.h".
function(sluice_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC Threads::Threads)
endfunction()
