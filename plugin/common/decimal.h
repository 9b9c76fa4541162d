/* decimal.h
 * Numbers with a decimal point as text. printf() writes the point of the user's locale, which is a comma in many; Wireshark's own numbers and
 * the programs that read the plugin's have a point.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef FT_DECIMAL_H
#define FT_DECIMAL_H

#include <stdio.h>

#include <epan/proto.h>

#include "common/ws_compat.h"

/* Bytes of such a text, the zero at its end included. */
#define FT_DECIMAL_LEN G_ASCII_DTOSTR_BUF_SIZE

/* `decimals` of ft_decimal(): as few as show the number with six digits, as "%g" does. */
#define FT_DECIMALS_AS_NEEDED (-1)

/* Writes the number with so many decimals (0 to 9), and a point whatever the locale, to text[FT_DECIMAL_LEN]; returns it. */
static inline const char *
ft_decimal(char *text, double value, int decimals)
{
    char format[sizeof "%.9f"] = "%g";

    if (decimals != FT_DECIMALS_AS_NEEDED)
        snprintf(format, sizeof format, "%%.%uf", MIN((unsigned)decimals, 9U));
    return g_ascii_formatd(text, FT_DECIMAL_LEN, format, value);
}

#endif /* FT_DECIMAL_H */
