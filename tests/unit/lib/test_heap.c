/* The range behind sbrk(). */
#include "heap.h"

#include "unit.h"

static char memory[100];

static void test_heap__grows_shrinks_and_refuses(void)
{
    CHECK(heap_move(1) == NULL);
    heap_open(memory, sizeof memory);
    CHECK(heap_move(0) == memory);
    CHECK(heap_move(60) == memory);
    CHECK(heap_move(41) == NULL);
    CHECK(heap_move(40) == memory + 60);
    CHECK(heap_move(1) == NULL);
    CHECK(heap_move(-100) == memory + 100);
    CHECK(heap_move(-1) == NULL);
    CHECK(heap_move(PTRDIFF_MAX) == NULL);
    CHECK(heap_move(PTRDIFF_MIN) == NULL);
}

static void test_heap__a_second_opening_changes_nothing(void)
{
    char elsewhere[5];
    heap_open(elsewhere, sizeof elsewhere);
    CHECK(heap_move(0) == memory);
}

int main(void)
{
    RUN(test_heap__grows_shrinks_and_refuses);
    RUN(test_heap__a_second_opening_changes_nothing);
    return UNIT_RESULT();
}
