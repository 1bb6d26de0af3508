using Meshover.Lab.Machines;

namespace Meshover.LabTests.Routing;

[Collection(FrrMeshCollection.Name)]
public sealed class OwnFrrSupervisionTests(FrrMesh mesh) : SupervisionTests(mesh);

[Collection(FrrMeshCollection.Name)]
public sealed class OwnFrrPolicyTests(FrrMesh mesh) : RoutingPolicyTests(mesh);

[Collection(Frr10MeshCollection.Name)]
public sealed class Frr10SupervisionTests(Frr10Mesh mesh) : SupervisionTests(mesh);

[Collection(Frr10MeshCollection.Name)]
public sealed class Frr10PolicyTests(Frr10Mesh mesh) : RoutingPolicyTests(mesh);

public sealed class OwnFrrRefusalTests() : RefusalTests(null);

public sealed class Frr10RefusalTests() : RefusalTests(OtherSystem.WithFrr(Frr10Mesh.Release));
