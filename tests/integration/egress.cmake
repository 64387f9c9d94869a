# egress as a real, confined process in a network of its own, in which every address is this machine: a
# refused address is refused by egress, not by the lack of a route. The test plays monitor, keeper, isolated
# host, web server, DNS and upstream proxy.
add_executable(egress-process ${CMAKE_CURRENT_LIST_DIR}/egress/process.c)
target_link_libraries(egress-process PRIVATE shoji-egress)

foreach(part direct addresses smuggling tunnel upstream limits)
  add_executable(test-egress-${part} ${CMAKE_CURRENT_LIST_DIR}/egress/test_${part}.c
    ${CMAKE_CURRENT_LIST_DIR}/egress/world.c ${CMAKE_CURRENT_LIST_DIR}/egress/own_network.c
    ${CMAKE_CURRENT_LIST_DIR}/egress/name_server.c)
  target_include_directories(test-egress-${part} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(test-egress-${part} PRIVATE SHOJI_TEST_DATA="${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(test-egress-${part} PRIVATE shoji-base PkgConfig::CHECK)
  add_dependencies(test-egress-${part} egress-process)
  foreach(how confined leaks)
    add_test(NAME egress-${part}-${how} COMMAND test-egress-${part} $<TARGET_FILE:egress-process> ${how})
    set_tests_properties(egress-${part}-${how} PROPERTIES TIMEOUT 180 LABELS integration)
  endforeach()
endforeach()
