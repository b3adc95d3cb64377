/* Reads and writes images with libpng. */
#include "requests.h"
#include <png.h>
#include <stdlib.h>

IMPORT(png_image_begin_read_from_memory);
IMPORT(png_image_finish_read);
IMPORT(png_image_write_to_memory);
IMPORT(png_image_free);
IMPORT(png_create_read_struct_2);
IMPORT(png_create_info_struct);
IMPORT(png_destroy_read_struct);
IMPORT(png_set_PLTE);
IMPORT(png_get_PLTE);
IMPORT(png_set_quantize);
IMPORT(png_set_progressive_read_fn);
IMPORT(png_get_progressive_ptr);
IMPORT(png_process_data);
IMPORT(png_progressive_combine_row);
IMPORT(png_read_update_info);
IMPORT(png_set_interlace_handling);
IMPORT(png_set_expand);

/* --- An image of 32 x 32 points, in Adam7 order, not compressed ------------------------- */

static unsigned char file[20000];
static unsigned file_length;

static void put(const void *bytes, unsigned length) {
    memcpy(file + file_length, bytes, length);
    file_length += length;
}

static void put32(unsigned value) {
    unsigned char bytes[] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
        (unsigned char)(value >> 8), (unsigned char)value};
    put(bytes, 4);
}

static void chunk(const char *type, const unsigned char *bytes, unsigned length) {
    unsigned from, crc = ~0u;
    put32(length);
    from = file_length;
    put(type, 4);
    put(bytes, length);
    for (; from < file_length; from++) {
        crc ^= file[from];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    put32(~crc);
}

static void make_image(void) {
    static const int x0[] = {0, 4, 0, 2, 0, 1, 0}, dx[] = {8, 8, 4, 4, 2, 2, 1};
    static const int y0[] = {0, 0, 4, 0, 2, 0, 1}, dy[] = {8, 8, 8, 4, 4, 2, 2};
    static unsigned char data[16000];
    unsigned char header[] = {0, 0, 0, 32, 0, 0, 0, 32, 8, PNG_COLOR_TYPE_RGB, 0, 0, 1};
    unsigned length = 7, a = 1, b = 0, size;
    for (int pass = 0; pass < 7; pass++)
        for (int y = y0[pass]; y < 32; y += dy[pass]) {
            data[length++] = 0;
            for (int x = x0[pass]; x < 32; x += dx[pass])
                for (int k = 0; k < 3; k++)
                    data[length++] = (unsigned char)(1 + x * 7 + y * 3 + k);
        }
    size = length - 7;
    /* One block that is stored as it is. */
    data[0] = 0x78;
    data[1] = 1;
    data[2] = 1;
    data[3] = (unsigned char)size;
    data[4] = (unsigned char)(size >> 8);
    data[5] = (unsigned char)~size;
    data[6] = (unsigned char)(~size >> 8);
    for (unsigned i = 7; i < length; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    data[length++] = (unsigned char)(b >> 8);
    data[length++] = (unsigned char)b;
    data[length++] = (unsigned char)(a >> 8);
    data[length++] = (unsigned char)a;
    file_length = 0;
    put("\x89PNG\r\n\x1a\n", 8);
    chunk("IHDR", header, sizeof header);
    chunk("IDAT", data, length);
    chunk("IEND", data, 0);
}

static unsigned sum(const unsigned char *bytes, unsigned length) {
    unsigned hash = 2166136261u;
    while (length--)
        hash = (hash ^ *bytes++) * 16777619u;
    return hash;
}

/* --- Requests --------------------------------------------------------------------------- */

static unsigned char points[65536];

static void regular(void) {
    png_image image;
    unsigned size, beyond = 0;
    int ok;
    make_image();
    memset(&image, 0, sizeof image);
    memset(points, 0xEE, sizeof points);
    image.version = PNG_IMAGE_VERSION;
    if (!dynamic_png_image_begin_read_from_memory(&image, file, file_length)) {
        printf("no image: %s\n", image.message);
        return;
    }
    image.format = PNG_FORMAT_RGBA;
    size = PNG_IMAGE_SIZE(image);
    ok = dynamic_png_image_finish_read(&image, NULL, points, 0, NULL);
    for (unsigned i = size; i < sizeof points; i++)
        beyond += points[i] != 0xEE;
    if (ok && beyond == 0)
        printf("read, points %08x\n", sum(points, size));
    else if (ok)
        printf("read, %u bytes written beyond the buffer\n", beyond);
    else
        printf("refused: %s\n", image.message);
    dynamic_png_image_free(&image);
}


/* CVE-2025-64506: to be made 8 bits wide, which it is already. */
static void convert(void) {
    static unsigned char one[16384], two[16384];
    png_alloc_size_t first = sizeof one, second = sizeof two;
    png_image image;
    for (unsigned i = 0; i < sizeof points; i++)
        points[i] = (unsigned char)(i * 37 + i / 256);
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = image.height = 32;
    image.format = PNG_FORMAT_RGB;
    if (!dynamic_png_image_write_to_memory(&image, one, &first, 0, points, 0, NULL) ||
        !dynamic_png_image_write_to_memory(&image, two, &second, 1, points, 0, NULL))
        printf("refused: %s\n", image.message);
    else if (first == second && memcmp(one, two, first) == 0)
        puts("the image is written");
    else
        puts("other memory is written as if it were the image");
    dynamic_png_image_free(&image);
}

static void PNGCBAPI failed(png_structp png, png_const_charp text) {
    (void)png;
    printf("libpng fails: %s\n", text);
    exit(3);
}

static void PNGCBAPI warned(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

/* Memory that is given back is overwritten and never used again. */
static png_alloc_size_t first_size;
static png_voidp PNGCBAPI take(png_structp png, png_alloc_size_t size) {
    unsigned char *memory = malloc(size + 16);
    (void)png;
    if (!first_size)
        first_size = size;
    memcpy(memory, &size, sizeof size);
    return memory + 16;
}

static void PNGCBAPI give_back(png_structp png, png_voidp memory) {
    png_alloc_size_t size;
    (void)png;
    memcpy(&size, (unsigned char *)memory - 16, sizeof size);
    memset(memory, 0xDD, size);
}

static png_structp reader(void) {
    return dynamic_png_create_read_struct_2(PNG_LIBPNG_VER_STRING, NULL, failed, warned, NULL,
        take, give_back);
}

/* CVE-2026-34757: a palette is replaced by itself. */
static void palette(void) {
    png_color colours[4] = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}};
    png_structp png = reader();
    png_infop info = dynamic_png_create_info_struct(png);
    png_colorp own;
    int count;
    dynamic_png_set_PLTE(png, info, colours, 4);
    dynamic_png_get_PLTE(png, info, &own, &count);
    dynamic_png_set_PLTE(png, info, own, count);
    dynamic_png_get_PLTE(png, info, &own, &count);
    if (own[0].red == 0xDD)
        puts("the palette comes from memory that was given back");
    else
        printf("%d colours, the first %d %d %d\n", count, own[0].red, own[0].green, own[0].blue);
    dynamic_png_destroy_read_struct(&png, &info, NULL);
}

/* CVE-2025-64505: fewer colours than an image of 8 bits can name. */
static void colours(void) {
    png_color list[16] = {{0, 0, 0}};
    png_structp png = reader();
    first_size = 0;
    dynamic_png_set_quantize(png, list, 16, 16, NULL, 0);
    printf("room for %u colours\n", (unsigned)first_size);
    dynamic_png_destroy_read_struct(&png, NULL, NULL);
}

/* An image whose first half is read before the library is patched. */
static png_structp begun;
static png_infop begun_info;
static int finished;

static void PNGCBAPI on_info(png_structp png, png_infop info) {
    dynamic_png_set_interlace_handling(png);
    dynamic_png_set_expand(png);
    dynamic_png_read_update_info(png, info);
}

static void PNGCBAPI on_row(png_structp png, png_bytep row, png_uint_32 y, int pass) {
    (void)pass;
    if (row)
        dynamic_png_progressive_combine_row(png,
            (unsigned char *)dynamic_png_get_progressive_ptr(png) + y * 96, row);
}

static void PNGCBAPI on_end(png_structp png, png_infop info) {
    (void)png;
    (void)info;
    finished = 1;
}

static unsigned char begun_points[32 * 96];

static void begin(void) {
    make_image();
    finished = 0;
    memset(begun_points, 0, sizeof begun_points);
    begun = reader();
    begun_info = dynamic_png_create_info_struct(begun);
    dynamic_png_set_progressive_read_fn(begun, begun_points, on_info, on_row, on_end);
    dynamic_png_process_data(begun, begun_info, file, file_length / 2);
    printf("%08x\n", sum(begun_points, sizeof begun_points));
}

static void end(void) {
    make_image();
    dynamic_png_process_data(begun, begun_info, file + file_length / 2, file_length - file_length / 2);
    printf("%d %08x\n", finished, sum(begun_points, sizeof begun_points));
    dynamic_png_destroy_read_struct(&begun, &begun_info, NULL);
}

int main(int argc, char **argv) {
    static const struct request requests[] = {{"convert", convert},
        {"palette", palette}, {"colours", colours}, {"regular", regular}, {"begin", begin},
        {"end", end}, {NULL, NULL}};
    HMODULE library = LoadLibraryA(argc > 1 ? argv[1] : "");
    if (!library)
        return 2;
    FIND(png_image_begin_read_from_memory);
    FIND(png_image_finish_read);
    FIND(png_image_write_to_memory);
    FIND(png_image_free);
    FIND(png_create_read_struct_2);
    FIND(png_create_info_struct);
    FIND(png_destroy_read_struct);
    FIND(png_set_PLTE);
    FIND(png_get_PLTE);
    FIND(png_set_quantize);
    FIND(png_set_progressive_read_fn);
    FIND(png_get_progressive_ptr);
    FIND(png_process_data);
    FIND(png_progressive_combine_row);
    FIND(png_read_update_info);
    FIND(png_set_interlace_handling);
    FIND(png_set_expand);
    return serve(requests);
}
