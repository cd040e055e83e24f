import sys,atexit,os,time
if sys.argv[0]=='-m' or 'chatops' in ' '.join(sys.orig_argv):
  if 'run' in sys.orig_argv:
    import threading,collections,json
    D=collections.defaultdict(list)
    def hook():
        import chatops.store.writer as W, asyncio
        o=W.Writer.submit
        def submit(self,body,*,is_urgent=False):
            t=time.perf_counter(); 
            def b(tx):
                D['wait_'+('u' if is_urgent else 'b')].append(time.perf_counter()-t); s=time.perf_counter(); 
                try: return body(tx)
                finally: D['body_'+('u' if is_urgent else 'b')].append(time.perf_counter()-s)
            f=o(self,b,is_urgent=is_urgent)
            if is_urgent:
                f.add_done_callback(lambda _: D['done_u'].append(time.perf_counter()-t))
            return f
        W.Writer.submit=submit
        oc=W.Writer._commit
        def _commit(self,g):
            s=time.perf_counter(); r=oc(self,g); D['commit'].append(time.perf_counter()-s); D['group'].append(len(g)/1000); return r
        W.Writer._commit=_commit
        import chatops.store.sqlite as S
        ow=S.SqliteStore.write
        async def write(self,body,*,is_urgent=False):
            s=time.perf_counter()
            try: return await ow(self,body,is_urgent=is_urgent)
            finally: D['write_'+('u' if is_urgent else 'b')].append(time.perf_counter()-s)
        S.SqliteStore.write=write
        import chatops.work.precedence as P
        oa=P.Precedence.answering
        import contextlib
        @contextlib.contextmanager
        def answering(self):
            s=time.perf_counter()
            with oa(self): yield
            D['answering'].append(time.perf_counter()-s)
        P.Precedence.answering=answering
        owt=P.Precedence.wait_turn
        async def wt(self):
            s=time.perf_counter(); await owt(self); D['turn'].append(time.perf_counter()-s)
        P.Precedence.wait_turn=wt
        import asyncio.events as E
        orun=E.Handle._run
        def run(self):
            s=time.perf_counter(); orun(self); d=time.perf_counter()-s
            D['step'].append(d)
            if d>0.004: slow[str(self)[:150]].append(d)
        slow=collections.defaultdict(list)
        E.Handle._run=run
        def dump():
            out={k:(len(v),[round(sorted(v)[int(len(v)*q)]*1000,2) for q in (.1,.5,.9,.99,.999)]) for k,v in D.items()}
            with open('/tmp/perf/lat.txt','w') as f:
                for k,v in sorted(out.items()): f.write(f'{k:12} {v}\n')
                for k,v in sorted(slow.items(),key=lambda x:-sum(x[1]))[:25]: f.write(f'  slow {len(v):4} {sum(v)*1000:8.1f} max {max(v)*1000:6.1f} {k}\n')
        atexit.register(dump)
    class F:
        def find_spec(self,name,path,target=None):
            if name=='chatops.bootstrap':
                sys.meta_path.remove(self); hook()
            return None
    sys.meta_path.insert(0,F())
