/* cmocka and the headers it needs before it. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define TEST_MAIN(...)                                        \
    int main(void)                                            \
    {                                                         \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };    \
        return cmocka_run_group_tests(tests, NULL, NULL);     \
    }

#endif
