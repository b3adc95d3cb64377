/* Skeleton of the author's part of a patch, written by `hotpatch build --hooks-template` for
 *
 *     old  OLD_IMAGE
 *     new  NEW_IMAGE
 *
 * Objects that exist already have the layout of the old build, so the fix has to keep it, and
 * to attach what is new to the objects instead:
 *
 *   1. Give each type below its old layout again: take the new members out, and put those
 *      back that went.
 *   2. Put this file into the source of the fix, beside hotpatch.h, and fill in what says FILL.
 *   3. In the functions that are listed, use what is attached instead of the new members.
 *   4. Build the fix, and compare the old build with it: `hotpatch diff`.
 *
 * What is said about functions is what the debug information and the code show. Somebody who
 * reaches an object in another way is not listed.
 */
#include "hotpatch.h"
