# Habits that a machine checks (scripts/lint).
foreach(habit format includes)
  add_test(NAME lint-${habit} COMMAND ${CMAKE_SOURCE_DIR}/scripts/lint ${habit})
  set_tests_properties(lint-${habit} PROPERTIES LABELS lint TIMEOUT 60)
endforeach()
add_test(NAME lint-tidy COMMAND ${gives_way} ${CMAKE_SOURCE_DIR}/scripts/lint tidy ${CMAKE_BINARY_DIR})
set_tests_properties(lint-tidy PROPERTIES LABELS lint TIMEOUT 1800)
