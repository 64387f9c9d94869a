# Real isolated hosts, without a broker: a test plays monitor towards a real shepherd.
set(isolation ${CMAKE_SOURCE_DIR}/tests/isolation)
add_library(test-host STATIC ${isolation}/test_host.c)
target_include_directories(test-host PUBLIC ${CMAKE_SOURCE_DIR}/tests)
target_link_libraries(test-host PUBLIC shoji-shepherd)

# What is run inside instead of the product's first process, each in a folder like the product's.
foreach(program probe hog)
  set(folder ${CMAKE_BINARY_DIR}/isolation/${program})
  add_executable(isolation-${program} ${isolation}/${program}.c)
  set_target_properties(isolation-${program} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${folder} OUTPUT_NAME shoji-guest-init)
  # It runs where a sanitizer's helpers cannot, and is hostile on purpose.
  target_compile_options(isolation-${program} PRIVATE -fno-sanitize=all)
  target_link_options(isolation-${program} PRIVATE -fno-sanitize=all)
  add_custom_command(TARGET isolation-${program} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}/guest
    COMMAND ${CMAKE_COMMAND} -E touch ${folder}/shoji-guest-forward ${folder}/shoji-guest-agent
    VERBATIM)
endforeach()

add_executable(test-host-driver ${isolation}/host_driver.c)
target_link_libraries(test-host-driver PRIVATE test-host)
add_dependencies(test-host-driver shoji-guest-init shoji-guest-forward shoji-guest-agent shoji-guest-data)

function(shoji_isolation_test name timeout_s)
  add_executable(test-${name} ${isolation}/test_${name}.c)
  target_link_libraries(test-${name} PRIVATE test-host PkgConfig::CHECK)
  target_compile_definitions(test-${name} PRIVATE
    PROBE_FOLDER="${CMAKE_BINARY_DIR}/isolation/probe"
    HOG_FOLDER="${CMAKE_BINARY_DIR}/isolation/hog"
    PRODUCT_FOLDER="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  add_dependencies(test-${name}
    isolation-probe isolation-hog shoji-guest-init shoji-guest-forward shoji-guest-agent shoji-guest-data)
  add_test(NAME isolation-${name} COMMAND ${apart} $<TARGET_FILE:test-${name}>)
  set_tests_properties(isolation-${name} PROPERTIES
    TIMEOUT ${timeout_s} LABELS integration RESOURCE_GROUPS whole_systems:1)
endfunction()

shoji_isolation_test(isolation 180)
shoji_isolation_test(shepherd_life 120)
shoji_isolation_test(limits_host 180)
shoji_isolation_test(browser 300)
