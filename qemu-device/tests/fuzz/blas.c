/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two functions of the BLAS that compute/ calls, plain: for builds in which a
 * sanitizer is to see what they read and write.
 */
#include <cblas.h>

void cblas_sgemm(const enum CBLAS_ORDER order,
                 const enum CBLAS_TRANSPOSE trans_a,
                 const enum CBLAS_TRANSPOSE trans_b, const blasint m,
                 const blasint n, const blasint k, const float alpha,
                 const float *a, const blasint lda, const float *b,
                 const blasint ldb, const float beta, float *c,
                 const blasint ldc)
{
    (void)order;
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            float *at = &c[i * ldc + j];
            float sum = 0;

            for (int64_t l = 0; l < k; l++) {
                sum += (trans_a == CblasTrans ? a[l * lda + i] :
                                                a[i * lda + l]) *
                       (trans_b == CblasTrans ? b[j * ldb + l] :
                                                b[l * ldb + j]);
            }
            *at = alpha * sum + (beta != 0 ? beta * *at : 0);
        }
    }
}

void cblas_sgemv(const enum CBLAS_ORDER order, const enum CBLAS_TRANSPOSE trans,
                 const blasint m, const blasint n, const float alpha,
                 const float *a, const blasint lda, const float *x,
                 const blasint x_step, const float beta, float *y,
                 const blasint y_step)
{
    int64_t rows = trans == CblasTrans ? n : m;
    int64_t columns = trans == CblasTrans ? m : n;

    (void)order;
    for (int64_t i = 0; i < rows; i++) {
        float *at = &y[i * y_step];
        float sum = 0;

        for (int64_t j = 0; j < columns; j++) {
            sum += (trans == CblasTrans ? a[j * lda + i] : a[i * lda + j]) *
                   x[j * x_step];
        }
        *at = alpha * sum + beta * *at;
    }
}
