import { expect, test } from 'vitest';
import { writtenBack } from './written-back.ts';

test('the vendor writes back what is billed, and where it runs', () => {
  const group = { containerGroupId: 'eci-1', cpu: 2, memory: 4, zoneId: 'cn-hangzhou-h', eniInstanceId: '' };
  expect(writtenBack(group)).toEqual({
    'k8s.aliyun.com/eci-instance-id': 'eci-1',
    'k8s.aliyun.com/eci-instance-spec': '2.0-4.0Gi',
    'k8s.aliyun.com/eci-instance-cpu': '2.0',
    'k8s.aliyun.com/eci-instance-mem': '4.0',
    'k8s.aliyun.com/eci-instance-zone': 'cn-hangzhou-h',
  });
  expect(writtenBack({ ...group, cpu: 0.25, memory: 0.5 })['k8s.aliyun.com/eci-instance-spec']).toBe(
    '0.25-0.5Gi',
  );
  expect(writtenBack({ ...group, instanceType: 'ecs.c6.large' })['k8s.aliyun.com/eci-instance-spec']).toBe(
    'ecs.c6.large',
  );
});
