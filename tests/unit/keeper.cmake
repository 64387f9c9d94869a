pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
foreach(part text lease lockout audit journal store hash_pool)
  shoji_unit_test(keeper-${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_keeper_${part}.c
    LIBS shoji-keeper PkgConfig::SODIUM)
endforeach()
target_link_libraries(test-keeper-store PRIVATE PkgConfig::SQLITE) # to write what keeper would not
shoji_unit_test(hash-argon2 SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_hash_argon2.c LIBS shoji-hash PkgConfig::SODIUM)
# The real keeper and hash processes; these programs play monitor, gate and egress.
foreach(part sign_in attach restart disk crash)
  shoji_unit_test(keeper-${part}
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_keeper_${part}.c ${CMAKE_CURRENT_LIST_DIR}/keeper_stage.c
    LIBS shoji-keeper shoji-hash PkgConfig::SODIUM)
endforeach()
# The real shojictl as well.
foreach(part ctl watch)
  shoji_unit_test(keeper-${part}
    SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_keeper_${part}.c ${CMAKE_CURRENT_LIST_DIR}/keeper_stage.c
      ${CMAKE_CURRENT_LIST_DIR}/keeper_ctl_run.c
    LIBS shoji-keeper shoji-hash PkgConfig::SODIUM)
  add_dependencies(test-keeper-${part} shojictl)
  target_compile_definitions(test-keeper-${part} PRIVATE SHOJICTL="$<TARGET_FILE:shojictl>")
endforeach()
shoji_unit_test(keeper-docs SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_keeper_docs.c)
shoji_unit_test(keeper-confine SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_keeper_confine.c LIBS shoji-keeper shoji-hash)
