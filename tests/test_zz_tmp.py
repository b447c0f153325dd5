import sys; sys.path.insert(0,'.')
def test_x(app):
    from tests import factories as make
    w = make.make_world(app)
    c = make.signed_in(app, w.organizer)
    r = c.get("/organizer/verify")
    print(r.status, r.text[:1500])
