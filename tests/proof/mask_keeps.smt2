; The axiom mask_keeps of kernel/obj/captab.h, as a question about 64-bit vectors: unsat means proved.
(set-logic QF_BV)
(declare-const mask (_ BitVec 64))
(declare-const index (_ BitVec 64))
(assert (= (bvand mask (bvadd mask (_ bv1 64))) (_ bv0 64)))
(assert (bvule index mask))
(assert (not (= (bvand index mask) index)))
(check-sat)
