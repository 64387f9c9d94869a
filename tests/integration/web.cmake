# The viewer: its core under plain node, and the page in a real Chromium against a stand-in for gate (faults on demand;
# whole-system tests have the real broker).
find_program(NODE node REQUIRED)
set(SHOJI_VIEWER ${CMAKE_BINARY_DIR}/viewer)
file(GLOB web_unit_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/browser/unit/*.test.mjs)
foreach(file ${web_unit_tests})
  get_filename_component(name ${file} NAME)
  string(REPLACE .test.mjs "" name ${name})
  add_test(NAME unit-web-${name} COMMAND ${NODE} --test ${file})
  set_tests_properties(unit-web-${name} PROPERTIES TIMEOUT 60 LABELS unit
    ENVIRONMENT SHOJI_VIEWER=${SHOJI_VIEWER})
endforeach()

foreach(part viewer viewer-input)
  add_test(NAME browser-${part} COMMAND ${apart} ${NODE} --test ${CMAKE_SOURCE_DIR}/tests/browser/${part}.test.mjs)
  set_tests_properties(browser-${part} PROPERTIES TIMEOUT 600 RESOURCE_GROUPS whole_systems:1 LABELS browser ENVIRONMENT SHOJI_VIEWER=${SHOJI_VIEWER})
endforeach()
